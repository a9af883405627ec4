"""The IPython side: magics, the session behind them, and what happens around each cell."""
