SELECT $Year AS n
