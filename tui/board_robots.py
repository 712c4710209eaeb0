"""The board's key for robots: which one, and pause, go on or leave its fault."""

from tui.board import Board, BoardAction
from tui.board_link import BoardDown, HttpBoardLink
from wms.messages import Language, say

KEY = "r"
ORDERS = ("pause", "resume", "reset")


def robot_action(link: HttpBoardLink, language: Language) -> BoardAction:
    """The key that asks which robot and what; the board tells what became of it."""

    async def order(board: Board) -> None:
        language = board.state.language
        robots = [(robot.name, f"{robot.name}  {robot.state}") for robot in board.state.robots]
        robot = await board.choose(say("board.which_robot", language), robots)
        if robot is None:
            return
        orders = [(each, say(f"board.order.{each}", language)) for each in ORDERS]
        wanted = await board.choose(say("board.which_order", language, robot=robot), orders)
        if wanted is None:
            return
        try:
            board.note(await link.order_robot(robot, wanted, language))
        except BoardDown as down:
            board.note(say("board.never" if down.allowed else "board.may_not", language))

    return BoardAction(KEY, say("board.key.robot", language), order)
