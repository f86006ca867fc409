-- comment
CREATE TABLE at (id int);
