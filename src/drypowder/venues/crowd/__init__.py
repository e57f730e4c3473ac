"""Who is on an exchange: accounts, sampled or read, and where their forced orders lie.

Vintages of entries that lived through the prices before (vintages, sampling), the leverage that
published liquidation prices tell of (leverage_fit), and the map of forced orders (liquidation_map).
"""
