"""How money and trouble travel: one mechanism a file, each with a switch.

issuance pays for AI capex, labs and deficits; income passes receipts on; policy moves the
fed's levers; savings says which money pays; trend is balanced growth, where nothing happens.
Every channel returns postings that name both sides, so an off switch leaves the accounts
balanced. `day` holds what a scenario announces for one day.
"""
