//go:build tools

// The S3 server of the tests, pinned by go.mod and go.sum.
package s3server

import _ "github.com/versity/versitygw/cmd/versitygw"
