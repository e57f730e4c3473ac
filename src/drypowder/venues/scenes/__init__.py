"""From a question to a setting and a crowd: positions or open interest, rules, books, figures."""
