"""The service: predictions over HTTP, the forecast page, health and metrics.

Read in this order: `schemas.py` (what goes in and out), `champion.py` (which model answers),
`forecast.py`, `app.py` (the routes), `limits.py` (what every request passes through),
`prediction_log.py`, `run.py` (start and stop). Nothing here imports pandas, scikit-learn, LightGBM
or MLflow: a model arrives as a bundle that NumPy and ONNX Runtime can read.
"""
