// swift-tools-version: 6.2
import PackageDescription

/// The one set of compiler settings, for every target.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncAlgorithms: Target.Dependency = .product(name: "AsyncAlgorithms", package: "swift-async-algorithms")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let coreMetrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
let jwtKit: Target.Dependency = .product(name: "JWTKit", package: "jwt-kit")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let mustache: Target.Dependency = .product(name: "Mustache", package: "swift-mustache")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioFoundation: Target.Dependency = .product(name: "NIOFoundationCompat", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTP2: Target.Dependency = .product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

func library(_ name: String, path: String? = nil, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: path, exclude: exclude, swiftSettings: settings)
}

func tests(_ target: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .testTarget(
        name: "\(target)Tests", dependencies: [.byName(name: target), "SlingshotTestSupport"] + dependencies, exclude: exclude,
        swiftSettings: settings)
}

let package = Package(
    name: "slingshot",
    products: [.executable(name: "slingshot", targets: ["slingshot"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.4"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),
    ],
    targets: [
        // Values and pure decisions.
        library("StagingModel"),
        library("StrictYAML", ["StagingModel", yams]),
        library("Planning", ["StagingModel", "StrictYAML", "StackTemplates", crypto]),
        // Each template's folder is the plugin's to embed; the compiler has to leave it alone.
        .target(name: "StackTemplates", path: "templates", exclude: ["web"], swiftSettings: settings, plugins: ["EmbedTemplates"]),
        library("Webhooks", path: "webhooks", ["StagingModel", crypto], exclude: ["git"]),
        library("Telemetry", [coreMetrics, logging]),
        library("Orchestration", ["StagingModel", "Planning", "Telemetry", coreMetrics, logging, serviceLifecycle]),
        // Engines: each implements one of Orchestration's ports.
        library(
            "KubernetesClient",
            [asyncHTTPClient, logging, nioCore, nioFoundation, nioHTTP1, nioHTTP2, nioSSL, subprocess, systemPackage, yams],
            exclude: ["README.md"]),
        library("KubernetesRuntime", ["KubernetesClient", "Orchestration", "StagingModel", logging]),
        library(
            "PodmanRuntime",
            [
                "Orchestration", "Planning", "StagingModel", asyncHTTPClient, crypto, logging, nioCore, nioFoundation, nioHTTP1, nioPosix,
                nioSSL, subprocess, systemPackage,
            ]),
        .systemLibrary(name: "CLibgit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
        library("GitRefs", ["CLibgit2", "Orchestration", "StagingModel", crypto, logging, subprocess, systemPackage]),
        library("Store", ["Orchestration", "StagingModel", grdb]),
        // Forges, as those that are asked and told.
        library(
            "Forges",
            [
                "Orchestration", "StagingModel", asyncHTTPClient, coreMetrics, crypto, jwtKit, nioCore, nioFoundation, nioHTTP1, nioSSL,
            ]),
        // What forges show of stacks.
        library("Feedback", ["Orchestration", "StagingModel", coreMetrics, logging, serviceLifecycle]),
        // What people's browsers meet.
        library(
            "Gateway",
            [
                "Orchestration", "StagingModel", coreMetrics, crypto, httpTypes, hummingbird, logging, mustache, nioCore, nioHTTP1,
                nioPosix, serviceLifecycle, subprocess, systemPackage,
            ]),
        // The service and its command line.
        library("ControlAPI", ["StagingModel", asyncHTTPClient, nioCore, nioFoundation, nioHTTP1]),
        .target(
            name: "Service",
            dependencies: [
                "ControlAPI", "Orchestration", "StagingModel", "Telemetry", "Webhooks", asyncAlgorithms, coreMetrics, crypto, httpTypes,
                hummingbird, logging,
                nioCore, nioFoundation, nioHTTPTypes, serviceLifecycle,
            ],
            resources: [.embedInCode("openapi.json")], swiftSettings: settings),
        library(
            "SlingshotCommands",
            [
                "ControlAPI", "Feedback", "Forges", "Gateway", "GitRefs", "KubernetesClient", "KubernetesRuntime", "Orchestration",
                "Planning",
                "PodmanRuntime",
                "Service",
                "StagingModel", "Store", "StrictYAML", "Telemetry",
                "Webhooks", argumentParser, configuration, crypto, hummingbird, logging, serviceLifecycle, unixSignals, yams,
            ]),
        .executableTarget(name: "slingshot", dependencies: ["SlingshotCommands"], swiftSettings: settings),
        // Building, measuring and testing.
        .executableTarget(
            name: "slingshot-benchmark",
            dependencies: [
                "GitRefs", "KubernetesClient", "KubernetesRuntime", "Orchestration", "Planning", "StagingModel", argumentParser,
                asyncHTTPClient, logging, nioCore,
                nioHTTP1, nioSSL,
            ],
            swiftSettings: settings),
        .executableTarget(name: "embed-folders", swiftSettings: settings),
        .plugin(name: "EmbedTemplates", capability: .buildTool(), dependencies: ["embed-folders"], path: "Sources/EmbedTemplates"),
        library("FaultProxy", ["KubernetesClient", asyncHTTPClient, nioCore, nioHTTP1, nioPosix]),
        .executableTarget(
            name: "fault-proxy", dependencies: ["FaultProxy", "KubernetesClient", argumentParser, logging], swiftSettings: settings),
        library("SlingshotTestSupport", ["ControlAPI", "Orchestration", "StagingModel", crypto, subprocess, systemPackage]),
        library(
            "FakeForges",
            [
                "StagingModel", asyncHTTPClient, crypto, cryptoExtras, httpTypes, hummingbird, jwtKit, logging, nioCore, nioFoundation,
                nioHTTP1, serviceLifecycle,
            ]),
        .executableTarget(
            name: "fake-forge", dependencies: ["FakeForges", argumentParser, unixSignals], swiftSettings: settings),
        tests("StagingModel"),
        tests("StrictYAML", ["StagingModel"]),
        tests("Planning", ["StagingModel", "StrictYAML"], exclude: ["Fixtures"]),
        tests("Webhooks", ["StagingModel", crypto], exclude: ["Fixtures"]),
        tests("Telemetry", [coreMetrics, logging]),
        tests("Orchestration", ["FakeForges", "Forges", "StagingModel", "Store", "Telemetry", logging]),
        tests("KubernetesClient", [logging, nioCore, nioEmbedded, nioHTTP1, nioHTTP2, nioPosix, nioSSL]),
        tests("KubernetesRuntime", ["KubernetesClient", "Orchestration", "StagingModel"]),
        tests("PodmanRuntime", ["Orchestration", "StagingModel"]),
        tests("GitRefs", ["Orchestration", "StagingModel", logging, nioCore, nioPosix, nioSSL]),
        tests("Forges", ["FakeForges", "Orchestration", "StagingModel", "Telemetry", asyncHTTPClient, nioCore, nioHTTP1]),
        tests("Store", ["Orchestration", "StagingModel", grdb]),
        tests("Feedback", ["FakeForges", "Forges", "Orchestration", "StagingModel", "Store", "Telemetry", logging], exclude: ["Golden"]),
        tests(
            "Gateway",
            ["Orchestration", "StagingModel", "Store", "Telemetry", crypto, httpTypes, hummingbird, hummingbirdTesting, logging],
            exclude: ["Golden"]),
        tests(
            "Service",
            [
                "ControlAPI", "Orchestration", "StagingModel", "Store", "Telemetry", "Webhooks", asyncHTTPClient, httpTypes, hummingbird,
                hummingbirdTesting,
                logging, nioCore, nioHTTP1, nioPosix, serviceLifecycle,
            ]),
        tests(
            "SlingshotCommands",
            [
                "ControlAPI", "FakeForges", "Gateway", "GitRefs", "Orchestration", "Planning", "PodmanRuntime", "StagingModel",
                "StrictYAML",
                "Telemetry", "Webhooks", logging,
            ]),
        .testTarget(
            name: "FuzzTests",
            dependencies: ["KubernetesClient", "Planning", "SlingshotTestSupport", "StagingModel", "StrictYAML", "Webhooks"],
            swiftSettings: settings),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "ControlAPI", "FakeForges", "FaultProxy", "Gateway", "KubernetesClient", "KubernetesRuntime", "Orchestration", "Planning",
                "PodmanRuntime",
                "SlingshotTestSupport", "StagingModel", "Store", "Telemetry", "slingshot",
                asyncHTTPClient, crypto, httpTypes, hummingbird, logging, nioCore, nioHTTP1, nioPosix, serviceLifecycle,
            ],
            swiftSettings: settings),
    ]
)
