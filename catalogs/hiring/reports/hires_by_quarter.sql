-- Employees hired in $year by department and job, counted by quarter.
-- Only pairs with at least one hire; a hire without a department or a job is not counted.
SELECT
    d.department AS department,
    j.job AS job,
    SUM(CASE WHEN EXTRACT(QUARTER FROM e.datetime_) = 1 THEN 1 ELSE 0 END) AS q1,
    SUM(CASE WHEN EXTRACT(QUARTER FROM e.datetime_) = 2 THEN 1 ELSE 0 END) AS q2,
    SUM(CASE WHEN EXTRACT(QUARTER FROM e.datetime_) = 3 THEN 1 ELSE 0 END) AS q3,
    SUM(CASE WHEN EXTRACT(QUARTER FROM e.datetime_) = 4 THEN 1 ELSE 0 END) AS q4
FROM hired_employees e
JOIN departments d ON d.id = e.department_id
JOIN jobs j ON j.id = e.job_id
WHERE EXTRACT(YEAR FROM e.datetime_) = $year
GROUP BY d.department, j.job
ORDER BY d.department, j.job
