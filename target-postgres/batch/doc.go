// Package batch reads the files that BATCH messages name, so that a loader meets nothing but records.
//
// A [Source] gives the messages of another source, with the records of a BATCH in its place: file by file as the manifest
// has them, row by row as the file has them. So everything that holds for records holds for them: states cover what came
// before, one bad row costs one row, and what no state covers is taken back.
//
// # Files
//
// A file is named by a path, a file:// URL or an s3:// URL. It holds one JSON object a line, plain or packed with gzip or
// zstd, or it is a Parquet file. It is read as a stream of lines; a Parquet file becomes one on the way, a row a line. Memory is
// bounded by the longest line, for Parquet by the pages of its columns. Nothing is deleted.
//
// # Lines
//
// Lines are counted as if the records stood in the input, so that every record has a number of its own. Faults and rejects of a
// broken line also name the file, and its line or row in there.
package batch
