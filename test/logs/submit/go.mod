module ct-stream.test/submit

go 1.25

require github.com/transparency-dev/merkle v0.0.2
