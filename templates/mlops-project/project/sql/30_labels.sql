-- Labels: what was predicted, as the source's analysis gives it once the hour is over.
--
-- `hourly` already ends at the last hour whose analysis was published (labels_until), so a label
-- never is somebody's forecast. Hours without a value have no label.
--
-- Variables: span_start, span_end.

CREATE TABLE IF NOT EXISTS labels (place_id VARCHAR, valid_time TIMESTAMP, pm2_5 DOUBLE);

INSERT INTO labels
SELECT place_id, valid_time, pm2_5
FROM hourly
WHERE pm2_5 IS NOT NULL
  AND valid_time >= getvariable('span_start')
  AND valid_time < getvariable('span_end')
ORDER BY place_id, valid_time;

-- What `train` reads: every feature row whose hour is known by now.
CREATE OR REPLACE VIEW training AS
SELECT f.*, l.pm2_5
FROM features AS f
JOIN labels AS l USING (place_id, valid_time);
