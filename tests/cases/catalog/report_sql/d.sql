SELECT 'open
$x