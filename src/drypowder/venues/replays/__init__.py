"""Days that happened, played again and held against what was measured, hit or missed."""
