"""The lead's board: the ten numbers and the floor behind them, read from the book in one snapshot.

`facts` reads, `forecast`, `tiles`, `floor` and `happenings` make words of it (pure), `door` serves.
"""

from app.board.door import board, board_router

__all__ = ["board", "board_router"]
