// The Go that builds the S3 server where the system's own is older than the server wants.
module muster.test/toolchain

go 1.19

require golang.org/toolchain v0.0.1-go1.25.0.linux-amd64
