SELECT $year, $month, $day, $code, $flag
