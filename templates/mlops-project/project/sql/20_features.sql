-- Features: 24 rows a place and issue, from what was known when the forecast was issued.
--
--   issue_time   midnight UTC at which the day's forecast is made
--   cut          last hour of air quality that is complete and published at issue_time:
--                the delay subtracted, rounded down to a whole step of the analysis
--   valid_time   the hour predicted: issue_time + lead_hours, 0 to 23
--
-- Two rules keep the future out. Air quality is read at or before `cut` only. Weather is read as it
-- was forecast a day ahead (`_previous_day1`), which at issue_time is known for the whole day.
-- Hours are found by time, never by counting rows, so that a gap is NULL and shifts nothing.
--
-- Variables: span_start, span_end, label_delay_hours, label_step_hours, now.

CREATE TABLE IF NOT EXISTS features (
    place_id VARCHAR,
    issue_time TIMESTAMP,
    valid_time TIMESTAMP,
    lead_hours DOUBLE,
    day_of_year DOUBLE,
    pm2_5_same_hour DOUBLE,
    pm2_5_same_hour_prev DOUBLE,
    pm2_5_last DOUBLE,
    pm2_5_change_3h DOUBLE,
    pm2_5_mean_24h DOUBLE,
    pm2_5_max_24h DOUBLE,
    pm2_5_min_24h DOUBLE,
    pm2_5_mean_7d DOUBLE,
    pm10_last DOUBLE,
    nitrogen_dioxide_last DOUBLE,
    sulphur_dioxide_last DOUBLE,
    carbon_monoxide_last DOUBLE,
    carbon_monoxide_mean_24h DOUBLE,
    temperature DOUBLE,
    relative_humidity DOUBLE,
    pressure DOUBLE,
    wind_u DOUBLE,
    wind_v DOUBLE,
    wind_speed DOUBLE,
    precipitation DOUBLE,
    wind_speed_day_mean DOUBLE,
    precipitation_day_sum DOUBLE,
    temperature_change_24h DOUBLE,
    pressure_change_24h DOUBLE,
    relative_humidity_change_24h DOUBLE
);

-- When the forecast of each midnight is made, and what the newest usable hour is then.
CREATE OR REPLACE TEMP TABLE issue AS
WITH history AS (
    SELECT
        place_id,
        min(valid_time) AS first_hour,
        coalesce(
            max(valid_time) FILTER (WHERE temperature_2m_previous_day1 IS NOT NULL),
            max(valid_time)
        ) AS last_hour
    FROM hourly
    GROUP BY place_id
),

midnight AS (
    SELECT place_id, first_hour, unnest(generate_series(
        greatest(getvariable('span_start'), date_trunc('day', first_hour)),
        least(getvariable('span_end') - INTERVAL 1 DAY, date_trunc('day', last_hour)),
        INTERVAL 1 DAY
    )) AS issue_time
    FROM history
)

SELECT
    place_id,
    issue_time,
    time_bucket(
        to_hours(getvariable('label_step_hours')),
        issue_time - to_hours(getvariable('label_delay_hours'))
    ) AS cut
FROM midnight
WHERE issue_time >= first_hour + INTERVAL 8 DAY   -- before that there is no full week to look back
  AND issue_time <= getvariable('now');           -- what is not yet issued is not made up

-- The hours that this span looks at: its own, and nine days and the delay before it.
CREATE OR REPLACE TEMP VIEW recent AS
SELECT *
FROM hourly
WHERE valid_time >= getvariable('span_start') - INTERVAL 10 DAY
                    - to_hours(getvariable('label_delay_hours'))
  AND valid_time < getvariable('span_end');

-- The state of the air at each cut. Cuts lie 24 h apart, so every hour belongs to exactly one of
-- the 24-hour windows that end at a cut: a plain GROUP BY finds what a sliding window would.
-- (An hour after midnight's cut, 22:00 say, belongs to the window that ends at the next day's.)
CREATE OR REPLACE TEMP TABLE air_at_cut AS
WITH clock AS (
    -- Hours from a cut to its own midnight; the same for all issues.
    SELECT getvariable('span_start') - time_bucket(
        to_hours(getvariable('label_step_hours')),
        getvariable('span_start') - to_hours(getvariable('label_delay_hours'))
    ) AS age
),

windowed AS (
    -- Shifted by the age, the windows end at midnight, and "the day an hour falls in" names them.
    SELECT
        r.*,
        date_trunc('day', r.valid_time + c.age - INTERVAL 1 HOUR) + INTERVAL 1 DAY AS issue_time,
        issue_time - c.age AS cut
    FROM recent AS r, clock AS c
),

day AS (
    SELECT
        place_id,
        issue_time,
        max(pm2_5) FILTER (WHERE valid_time = cut) AS pm2_5_last,
        max(pm2_5) FILTER (WHERE valid_time = cut - INTERVAL 3 HOUR) AS pm2_5_three_hours_before,
        avg(pm2_5) AS pm2_5_mean_24h,
        max(pm2_5) AS pm2_5_max_24h,
        min(pm2_5) AS pm2_5_min_24h,
        sum(pm2_5) AS pm2_5_sum,
        count(pm2_5) AS pm2_5_hours,
        max(pm10) FILTER (WHERE valid_time = cut) AS pm10_last,
        max(nitrogen_dioxide) FILTER (WHERE valid_time = cut) AS nitrogen_dioxide_last,
        max(sulphur_dioxide) FILTER (WHERE valid_time = cut) AS sulphur_dioxide_last,
        max(carbon_monoxide) FILTER (WHERE valid_time = cut) AS carbon_monoxide_last,
        avg(carbon_monoxide) AS carbon_monoxide_mean_24h
    FROM windowed
    GROUP BY place_id, issue_time
)

SELECT
    *,
    sum(pm2_5_sum) OVER week / nullif(sum(pm2_5_hours) OVER week, 0) AS pm2_5_mean_7d
FROM day
-- RANGE goes by the time that lies between, so a missing day does not let an eighth one in.
WINDOW week AS (
    PARTITION BY place_id
    ORDER BY issue_time
    RANGE BETWEEN INTERVAL 6 DAY PRECEDING AND CURRENT ROW
);

-- The forecast weather of a whole day; known at its midnight.
CREATE OR REPLACE TEMP TABLE weather_of_day AS
SELECT
    place_id,
    date_trunc('day', valid_time) AS issue_time,
    avg(wind_speed_10m_previous_day1) AS wind_speed_day_mean,
    sum(precipitation_previous_day1) AS precipitation_day_sum
FROM recent
GROUP BY ALL;

INSERT INTO features
WITH target AS (
    SELECT
        place_id,
        issue_time,
        lead_hours,
        issue_time + to_hours(lead_hours) AS valid_time,
        -- The newest hour with the same time of day that is not past the cut: whole days back.
        ceil(date_diff('hour', cut, issue_time + to_hours(lead_hours)) / 24.0)::INTEGER AS days_back
    FROM issue, range(24) AS lead (lead_hours)
)

SELECT
    t.place_id,
    t.issue_time,
    t.valid_time,
    t.lead_hours,
    dayofyear(t.valid_time),
    same_hour.pm2_5,
    same_hour_prev.pm2_5,
    a.pm2_5_last,
    a.pm2_5_last - a.pm2_5_three_hours_before,
    a.pm2_5_mean_24h,
    a.pm2_5_max_24h,
    a.pm2_5_min_24h,
    a.pm2_5_mean_7d,
    a.pm10_last,
    a.nitrogen_dioxide_last,
    a.sulphur_dioxide_last,
    a.carbon_monoxide_last,
    a.carbon_monoxide_mean_24h,
    w.temperature_2m_previous_day1,
    w.relative_humidity_2m_previous_day1,
    w.pressure_msl_previous_day1,
    -- A wind's direction is where it comes from; u and v point to where it goes.
    -w.wind_speed_10m_previous_day1 * sin(radians(w.wind_direction_10m_previous_day1)),
    -w.wind_speed_10m_previous_day1 * cos(radians(w.wind_direction_10m_previous_day1)),
    w.wind_speed_10m_previous_day1,
    w.precipitation_previous_day1,
    d.wind_speed_day_mean,
    d.precipitation_day_sum,
    w.temperature_2m_previous_day1 - w_before.temperature_2m_previous_day1,
    w.pressure_msl_previous_day1 - w_before.pressure_msl_previous_day1,
    w.relative_humidity_2m_previous_day1 - w_before.relative_humidity_2m_previous_day1
FROM target AS t
LEFT JOIN air_at_cut AS a ON a.place_id = t.place_id AND a.issue_time = t.issue_time
LEFT JOIN weather_of_day AS d ON d.place_id = t.place_id AND d.issue_time = t.issue_time
LEFT JOIN recent AS w ON w.place_id = t.place_id AND w.valid_time = t.valid_time
LEFT JOIN recent AS w_before
    ON w_before.place_id = t.place_id AND w_before.valid_time = t.valid_time - INTERVAL 1 DAY
LEFT JOIN recent AS same_hour
    ON same_hour.place_id = t.place_id AND same_hour.valid_time = t.valid_time - to_days(t.days_back)
LEFT JOIN recent AS same_hour_prev
    ON same_hour_prev.place_id = t.place_id
    AND same_hour_prev.valid_time = t.valid_time - to_days(t.days_back + 1)
ORDER BY t.place_id, t.issue_time, t.lead_hours;
