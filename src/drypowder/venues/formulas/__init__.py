"""What an exchange computes: pure functions of numbers, exact to the last digit.

Margin that a position must keep (brackets, schedule); where it is closed (margin); funding;
collateral with a haircut; whose profit is taken against a loss (ranking); ticks and lots
(rounding). Nothing here knows which exchange it is.
"""
