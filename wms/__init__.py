"""The book: items, places, stock, orders and every move of goods. It imports none of the rooms."""
