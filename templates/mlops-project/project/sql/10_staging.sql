-- Staging: one row an hour, what was measured beside what had been forecast for it.
--
-- Runs once a calendar year (span_start <= valid_time < span_end), which bounds its memory.
-- Variables set by warehouse.py:
--   air_quality, weather_forecast    paths of the raw Parquet files
--   span_start, span_end             the year
--   labels_until                     last hour whose analysis was complete and published by "now"

CREATE TABLE IF NOT EXISTS hourly (
    place_id VARCHAR,
    valid_time TIMESTAMP,                        -- UTC
    pm2_5 DOUBLE,                                -- µg/m³, like the next four
    pm10 DOUBLE,
    nitrogen_dioxide DOUBLE,
    sulphur_dioxide DOUBLE,
    carbon_monoxide DOUBLE,
    temperature_2m_previous_day1 DOUBLE,         -- °C, forecast 24 h before, like the next five
    relative_humidity_2m_previous_day1 DOUBLE,   -- %
    pressure_msl_previous_day1 DOUBLE,           -- hPa
    wind_speed_10m_previous_day1 DOUBLE,         -- m/s
    wind_direction_10m_previous_day1 DOUBLE,     -- ° that the wind comes from
    precipitation_previous_day1 DOUBLE           -- mm in the hour before
);

INSERT INTO hourly
WITH air AS (
    SELECT place_id, valid_time, pm2_5, pm10, nitrogen_dioxide, sulphur_dioxide, carbon_monoxide
    FROM read_parquet(getvariable('air_quality'), hive_partitioning = false)
    WHERE valid_time >= getvariable('span_start')
      AND valid_time < getvariable('span_end')
      -- Past this hour the API gives its own forecast: no label, and nothing to learn from.
      AND valid_time <= getvariable('labels_until')
),

weather AS (
    SELECT
        place_id,
        valid_time,
        temperature_2m_previous_day1,
        relative_humidity_2m_previous_day1,
        pressure_msl_previous_day1,
        wind_speed_10m_previous_day1,
        wind_direction_10m_previous_day1,
        precipitation_previous_day1
    FROM read_parquet(getvariable('weather_forecast'), hive_partitioning = false)
    WHERE valid_time >= getvariable('span_start')
      AND valid_time < getvariable('span_end')
)

-- A full join: where one side has a gap, the other still counts. Nothing is filled in.
SELECT *
FROM air
FULL JOIN weather USING (place_id, valid_time)
ORDER BY place_id, valid_time;
