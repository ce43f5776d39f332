"""Day-ahead PM2.5: the 24 hourly values and the mean of the day that begins at midnight UTC.

Labels are the CAMS analysis as Open-Meteo's air-quality API gives it, not a station's measurement.
Weather is taken as it was *forecast* at the time: `<name>_previous_dayN` is the value that was
predicted N x 24 h before the hour it is valid for, so N = 1 is known at midnight for each hour of
the day. (The API's historical-forecast host joins the first hours of every run and would leak.)
"""

from .base import Dataset, Feature, UseCase, Variable

LEAD_HOURS = 24


def previous_day(lead_hours: int) -> int:
    """N of `_previous_dayN` for a lead: whole days, rounded up, at least one."""
    return max(1, -(-lead_hours // 24))


def _weather(name: str, unit: str, low: float, high: float) -> Variable:
    return Variable(f"{name}_previous_day{previous_day(LEAD_HOURS)}", unit, low, high)


AIR_QUALITY = Dataset(
    name="air_quality",
    host="air-quality-api.open-meteo.com",
    path="/v1/air-quality",
    variables=(
        Variable("pm2_5", "μg/m³", 0, 2000),
        Variable("pm10", "μg/m³", 0, 5000),
        Variable("nitrogen_dioxide", "μg/m³", 0, 1000),
        Variable("sulphur_dioxide", "μg/m³", 0, 2000),
        Variable("carbon_monoxide", "μg/m³", 0, 50000),
    ),
    first_day="2013-01-01",
    attribution="Open-Meteo.com and CAMS (Copernicus Atmosphere Monitoring Service), CC BY 4.0",
)

WEATHER_FORECAST = Dataset(
    name="weather_forecast",
    host="previous-runs-api.open-meteo.com",
    path="/v1/forecast",
    variables=(
        _weather("temperature_2m", "°C", -90, 60),
        _weather("relative_humidity_2m", "%", 0, 100),
        _weather("pressure_msl", "hPa", 850, 1100),
        _weather("wind_speed_10m", "m/s", 0, 110),
        _weather("wind_direction_10m", "°", 0, 360),
        _weather("precipitation", "mm", 0, 350),
    ),
    first_day="2024-01-01",
    attribution="Open-Meteo.com, CC BY 4.0",
    days_ahead=1,
)

_PM = ("µg/m³", 0.0, 2000.0)

FEATURES = (
    Feature("lead_hours", "h", 0, 23, "hours from the issue at midnight UTC to the hour predicted"),
    Feature("day_of_year", "d", 1, 366, "day of the year of the hour predicted"),
    Feature("pm2_5_same_hour", *_PM, "PM2.5 at the same hour, on the last day known at issue"),
    Feature("pm2_5_same_hour_prev", *_PM, "PM2.5 at the same hour, one day earlier than that"),
    Feature("pm2_5_last", *_PM, "PM2.5 at the last step known at issue"),
    Feature("pm2_5_change_3h", "µg/m³", -2000, 2000, "last step minus three hours before it"),
    Feature("pm2_5_mean_24h", *_PM, "mean of the 24 h up to the last step"),
    Feature("pm2_5_max_24h", *_PM, "highest of the 24 h up to the last step"),
    Feature("pm2_5_min_24h", *_PM, "lowest of the 24 h up to the last step"),
    Feature("pm2_5_mean_7d", *_PM, "mean of the 7 days up to the last step"),
    Feature("pm10_last", "µg/m³", 0, 5000, "PM10 at the last step"),
    Feature("nitrogen_dioxide_last", "µg/m³", 0, 1000, "NO2 at the last step"),
    Feature("sulphur_dioxide_last", "µg/m³", 0, 2000, "SO2 at the last step"),
    Feature("carbon_monoxide_last", "µg/m³", 0, 50000, "CO at the last step"),
    Feature("carbon_monoxide_mean_24h", "µg/m³", 0, 50000, "mean CO of the 24 h up to it"),
    Feature("temperature", "°C", -90, 60, "forecast temperature at 2 m"),
    Feature("relative_humidity", "%", 0, 100, "forecast relative humidity at 2 m"),
    Feature("pressure", "hPa", 850, 1100, "forecast pressure at sea level"),
    Feature("wind_u", "m/s", -110, 110, "forecast wind towards the east at 10 m"),
    Feature("wind_v", "m/s", -110, 110, "forecast wind towards the north at 10 m"),
    Feature("wind_speed", "m/s", 0, 110, "forecast wind speed at 10 m"),
    Feature("precipitation", "mm", 0, 350, "forecast rain of the hour before"),
    Feature("wind_speed_day_mean", "m/s", 0, 110, "forecast mean wind speed of the day"),
    Feature("precipitation_day_sum", "mm", 0, 2000, "forecast rain of the day"),
    Feature("temperature_change_24h", "°C", -80, 80, "forecast minus the day before's forecast"),
    Feature("pressure_change_24h", "hPa", -150, 150, "forecast minus the day before's forecast"),
    Feature("relative_humidity_change_24h", "%", -100, 100, "same, for relative humidity"),
)

USE_CASE = UseCase(
    name="pm25",
    title="Day-ahead PM2.5",
    target="pm2_5",
    unit="µg/m³",
    label_dataset=AIR_QUALITY.name,
    datasets=(AIR_QUALITY, WEATHER_FORECAST),
    features=FEATURES,
    sql_files=("10_staging.sql", "20_features.sql", "30_labels.sql"),
    persistence_column="pm2_5_same_hour",
    level_columns=("pm2_5_same_hour", "pm2_5_mean_24h"),
    hour_column="lead_hours",
    day_column="day_of_year",
    calendar_columns=("lead_hours", "day_of_year"),
    guideline=15.0,  # over 24 hours: WHO global air quality guidelines, 2021
)
