"""How a price is found.

Holders divide excess cash between idle money and assets by expected excess return (demand);
prices are where every holder is content (clearing); reserves and repo have their own scarcity,
in basis points (reserves); yields follow from prices by duration (yields). Flow multipliers are
measured, not assumed (calibration).
"""
