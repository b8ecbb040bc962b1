-- Departments that hired more people in $year than the mean over all departments; those without a
-- hire count 0. A hire needs a department, not a job.
WITH hires AS (
    SELECT
        d.id AS id,
        d.department AS department,
        COUNT(e.id) AS hired
    FROM departments d
    LEFT JOIN hired_employees e
        ON e.department_id = d.id AND EXTRACT(YEAR FROM e.datetime_) = $year
    GROUP BY d.id, d.department
)
SELECT h.id AS id, h.department AS department, h.hired AS hired
FROM hires h
WHERE h.hired > (SELECT AVG(CAST(hired AS DOUBLE PRECISION)) FROM hires)
ORDER BY h.hired DESC, h.id
