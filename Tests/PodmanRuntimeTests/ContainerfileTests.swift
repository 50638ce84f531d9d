import Orchestration
import Testing

@testable import PodmanRuntime

@Suite struct ContainerfileTests {
    private func read(_ text: String, _ arguments: [String: String] = [:]) throws -> Containerfile {
        try Containerfile(Array(text.utf8), file: "Containerfile", arguments: arguments)
    }

    @Test(arguments: [
        ("FROM debian:12\n", ["debian:12"]),
        ("\u{FEFF}from debian:12", ["debian:12"]),
        (
            "FROM --platform=$BUILDPLATFORM docker.io/library/node:20-slim AS build\nFROM scratch\nCOPY --from=build /a /b",
            ["docker.io/library/node:20-slim"]
        ),
        (
            "FROM a AS one\nFROM One\nCOPY --from=0 /a /b\nCOPY --from=registry.example.com:5000/x/y:1 /c /d",
            ["a", "registry.example.com:5000/x/y:1"]
        ),
        ("ARG TAG=12\nARG NAME\nFROM debian:${TAG}\nFROM ${NAME:-alpine}:3", ["debian:12", "alpine:3"]),
        ("FROM \\\n# a comment\n\n  debian:12\n", ["debian:12"]),
        ("FROM debian:12\nFROM debian:12\n# FROM other\n", ["debian:12"]),
        ("FROM debian@sha256:\(String(repeating: "a", count: 64))\n", ["debian@sha256:\(String(repeating: "a", count: 64))"]),
        // what another parser could take for an instruction is taken for one
        ("FROM a\nRUN echo \\\\\nFROM localhost/other\n", ["a", "localhost/other"]),
    ])
    func `the images that a build begins with`(text: String, expected: [String]) throws {
        #expect(try read(text).images.map(\.reference) == expected)
    }

    @Test func `build arguments win over defaults, and a line is told`() throws {
        let image = try read("ARG TAG=12\n\nFROM debian:$TAG\n", ["TAG": "13"]).images
        #expect(image == [.init(reference: "debian:13", line: 3)])
    }

    @Test(arguments: [
        "RUN --network=none make", "RUN --mount=type=tmpfs,target=/tmp make", "COPY --chown=1:1 --chmod=755 a b",
        "RUN echo --mount=type=bind",
        "ADD https://example.com/a.tar.gz /a",
    ])
    func `what stays within a step is allowed`(line: String) throws {
        _ = try read("FROM debian:12\n\(line)\n")
    }

    @Test(arguments: [
        ("RUN --mount=type=bind,from=x,target=/x true", "RUN --mount is allowed with type=tmpfs only"),
        ("RUN --mount=type=cache,id=../../../../etc,target=/x true", "RUN --mount is allowed with type=tmpfs only"),
        ("RUN --mount=target=/x true", "RUN --mount is allowed with type=tmpfs only"),
        ("RUN --mount=type=tmpfs,type=bind,target=/x true", "RUN --mount is allowed with type=tmpfs only"),
        ("RUN --mount=type=tmpfs,target=/../x true", "takes target and size only"),
        ("RUN --mou\\\nnt=type=secret,id=x true", "RUN --mount is allowed with type=tmpfs only"),
        ("run \\\n  # comment\n  --mount=type=ssh true", "RUN --mount is allowed with type=tmpfs only"),
        ("RUN --$M=type=bind true", "RUN --$M=type=bind is not allowed; remove the flag"),
        ("RUN --security=insecure true", "RUN --security=insecure is not allowed; remove the flag"),
        ("RUN --device=/dev/sda true", "RUN --device=/dev/sda is not allowed; remove the flag"),
        ("RUN --network=host true", "RUN --network=host is not allowed; remove the flag"),
        ("ONBUILD RUN true", "ONBUILD is not allowed"),
        ("FROM oci-archive:/etc/shadow", "is not the name of an image"),
        ("FROM docker-daemon:x", "is not the name of an image"),
        ("FROM docker://x/y", "is not the name of an image"),
        ("FROM dir:/root", "is not the name of an image"),
        ("FROM ../x", "is not the name of an image"),
        ("COPY --from=$X /a /b", "has to be written out here"),
        ("FROM $X", "names the argument X, which has no value"),
        ("FROM ${X%y}", "an expression that is not known here"),
        ("# escape=`", "the escape character has to be"),
        ("RUN echo \u{7}", "it has control characters"),
    ])
    func `what could reach beyond the build is refused with its line`(line: String, why: String) {
        let error = #expect(throws: StepError.self) { _ = try read("FROM debian:12\n\(line)\n") }
        #expect(error?.isRetryable == false)
        #expect(error?.message.hasPrefix("Containerfile:2: ") == true && error?.message.contains(why) == true, "\(error?.message ?? "")")
    }

    @Test func `text that is none is refused`() {
        #expect(throws: StepError.self) { _ = try Containerfile([0xFF, 0xFE], file: "f") }
    }
}
