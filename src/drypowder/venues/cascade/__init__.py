"""What happens when prices move: rounds of triggers, orders, books, funds and deleveraging.

A setting is played on a population, account by account (rounds); the observation operator turns
what happened into what feeds report (observation).
"""
