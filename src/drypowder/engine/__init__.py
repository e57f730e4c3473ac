"""The day and many days.

`day.one_day` is the whole economy for one day, as a table of contents. `simulate` scans it over
a calendar for many worlds in one compiled program per chunk; `experiments` compares twin runs.
A `Run` holds series by path and step, the books of the central path, failures and a stamp.
Nothing here reads a file or a clock.
"""
