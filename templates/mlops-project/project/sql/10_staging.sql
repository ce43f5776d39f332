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

-- The quality gate lets a feed pass with a few impossible values; here they become gaps. The bounds
-- are those of usecase/pm25.py.
CREATE OR REPLACE TEMP MACRO within(value, low, high) AS
    CASE WHEN value BETWEEN low AND high THEN value END;

INSERT INTO hourly
WITH air AS (
    SELECT
        place_id,
        valid_time,
        within(pm2_5, 0, 2000) AS pm2_5,
        within(pm10, 0, 5000) AS pm10,
        within(nitrogen_dioxide, 0, 1000) AS nitrogen_dioxide,
        within(sulphur_dioxide, 0, 2000) AS sulphur_dioxide,
        within(carbon_monoxide, 0, 50000) AS carbon_monoxide
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
        within(temperature_2m_previous_day1, -90, 60) AS temperature_2m_previous_day1,
        within(relative_humidity_2m_previous_day1, 0, 100) AS relative_humidity_2m_previous_day1,
        within(pressure_msl_previous_day1, 850, 1100) AS pressure_msl_previous_day1,
        within(wind_speed_10m_previous_day1, 0, 110) AS wind_speed_10m_previous_day1,
        within(wind_direction_10m_previous_day1, 0, 360) AS wind_direction_10m_previous_day1,
        within(precipitation_previous_day1, 0, 350) AS precipitation_previous_day1
    FROM read_parquet(getvariable('weather_forecast'), hive_partitioning = false)
    WHERE valid_time >= getvariable('span_start')
      AND valid_time < getvariable('span_end')
)

-- A full join: where one side has a gap, the other still counts. Nothing is filled in.
SELECT *
FROM air
FULL JOIN weather USING (place_id, valid_time)
ORDER BY place_id, valid_time;
