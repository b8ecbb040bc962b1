SELECT $year AS n
