"""The probe: does crypto lead?

Bitcoin against shares on one clock: daily at New York's close, weekly over the whole history,
hourly among what trades by the hour; each with placebos that cannot lead, corrected for looking at
many lags and many targets, and as forecasts that could have been made. Observed, not simulated.
"""

from drypowder.measure.probe.probe import Probe, Row, probe

__all__ = ["Probe", "Row", "probe"]
