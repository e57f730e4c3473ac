"""The same cascade for cohorts instead of accounts: what the simulator embeds.

A density of coins and margin by distance to liquidation and leverage; it converges to the engine
of accounts as its grid is refined.
"""
