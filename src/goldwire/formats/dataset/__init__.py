"""The Hugging Face dataset: a document a row, as parquet.

`columns` says which columns a schema gives, `arrow` makes their rows of articles and reads them back.
`parquet` is the format, a folder or a file; `files` writes the dataset's, `parquet_size` says what one
inflates to.
"""
