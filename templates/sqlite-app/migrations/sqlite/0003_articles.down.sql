DROP TABLE articles_search;
DROP TABLE articles;
