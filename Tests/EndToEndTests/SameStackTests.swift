import ControlAPI
import Foundation
import KubernetesClient
import SlingshotTestSupport
import StagingModel
import Testing

/// One commit, run unchanged by podman and by the cluster, with the same result.
@Suite(.serialized, .timeLimit(.minutes(15))) struct SameStackTests {
    private static let postgres = ProcessInfo.processInfo.environment["SLINGSHOT_POSTGRES_IMAGE"]

    /// A page made by a script, behind the stack's address.
    private static func web(_ name: String, image: String, script: String, environment: String = "[]", wave: Int = 0) -> String {
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: \(name)}
        data:
          index.cgi: |
            #!/bin/sh
            printf 'Content-Type: text/plain\\r\\n\\r\\n'
            \(script)
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: \(name), annotations: {slingshot.dev/wave: "\(wave)"}}
        spec:
          selector: {matchLabels: {app: \(name)}}
          template:
            metadata: {labels: {app: \(name)}}
            spec:
              terminationGracePeriodSeconds: 1
              containers:
                - name: \(name)
                  image: \(image)
                  command: [/bin/busybox, httpd, -f, -p, "8080", -h, /www]
                  env: \(environment)
                  readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
                  volumeMounts: [{name: www, mountPath: /www/cgi-bin}]
              volumes: [{name: www, configMap: {name: \(name), defaultMode: 493}}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: \(name)}
        spec: {selector: {app: \(name)}, ports: [{name: web, port: 81, targetPort: 8080}]}

        """
    }

    private static func ingress(_ service: String) -> String {
        """
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: \(service)}
        spec:
          rules:
            - host: ${{ stack.host }}
              http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: \(service), port: {name: web}}}}]}

        """
    }

    @Test func `a service that calls another by its name`() async throws {
        let image = PodmanTestEngine.image
        let back = Self.web("back", image: image, script: #"echo "back for $QUERY_STRING""#)
        let front = Self.web(
            "front", image: image,
            script: #"echo "front got: $(/bin/busybox wget -qO- 'http://back:81/cgi-bin/index.cgi?front')""#)
        let files = [
            ".slingshot.yaml": "manifests: deploy\n", "deploy/back.yaml": back,
            "deploy/front.yaml": front + "---\n" + Self.ingress("front"),
        ]
        let pages = try await pages(of: files, at: "/cgi-bin/index.cgi")
        #expect(pages == ["front got: back for front\n", "front got: back for front\n"])
    }

    @Test func `a service with a database that a job fills`() async throws {
        let image = try #require(Self.postgres, "SLINGSHOT_POSTGRES_IMAGE must name an image of PostgreSQL; `make test` makes one")
        let connection =
            "[{name: PGHOST, value: db}, {name: PGUSER, value: postgres}, {name: PGPASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}]"
        let database = """
            apiVersion: v1
            kind: Secret
            metadata: {name: db}
            stringData: {password: correct horse}
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: seed}
            data:
              seed.sql: |
                CREATE TABLE IF NOT EXISTS part (name text PRIMARY KEY, pieces int NOT NULL);
                INSERT INTO part VALUES ('anvil', 3), ('rope', 5) ON CONFLICT DO NOTHING;
            ---
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata: {name: data}
            spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 100Mi}}}
            ---
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: {name: db}
            spec:
              serviceName: db
              selector: {matchLabels: {app: db}}
              template:
                metadata: {labels: {app: db}}
                spec:
                  securityContext: {runAsNonRoot: true, runAsUser: 70, runAsGroup: 70}
                  containers:
                    - name: db
                      image: \(image)
                      env: [{name: POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}]
                      ports: [{name: postgres, containerPort: 5432}]
                      readinessProbe: {exec: {command: [pg_isready, -h, 127.0.0.1]}, periodSeconds: 1, timeoutSeconds: 5}
                      volumeMounts: [{name: data, mountPath: /var/lib/postgresql/data}]
                  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: db}
            spec: {selector: {app: db}, ports: [{port: 5432, targetPort: postgres}]}
            ---
            apiVersion: batch/v1
            kind: Job
            metadata: {name: seed, annotations: {slingshot.dev/wave: "1"}}
            spec:
              backoffLimit: 3
              template:
                spec:
                  restartPolicy: Never
                  containers:
                    - name: seed
                      image: \(image)
                      command: [psql, -v, ON_ERROR_STOP=1, -f, /seed/seed.sql]
                      env: \(connection)
                      volumeMounts: [{name: seed, mountPath: /seed}]
                  volumes: [{name: seed, configMap: {name: seed}}]
            """
        let web = Self.web(
            "web", image: image, script: "psql -At -c 'SELECT name, pieces FROM part ORDER BY name' 2>&1", environment: connection, wave: 2)
        let files = [
            ".slingshot.yaml": "manifests: deploy\n", "deploy/db.yaml": database, "deploy/web.yaml": web + "---\n" + Self.ingress("web"),
        ]
        let pages = try await pages(of: files, at: "/cgi-bin/index.cgi", claims: ["data"])
        #expect(pages == ["anvil|3\nrope|5\n", "anvil|3\nrope|5\n"])
    }

    /// What the address of one commit's stack shows: on podman, and on the cluster.
    ///
    /// - Parameter claims: for which the cluster gets a volume each, because the development cluster provides none.
    private func pages(of files: [String: String], at path: String, claims: [String] = []) async throws -> [String] {
        try PodmanTestEngine.require()
        return try await ServeFixture.collecting { fixture async throws in
            let head = try await fixture.repository.commit(files, to: PullRequest.headRef(7))
            return try await fixture.withVolumes(for: claims) {
                var pages: [String] = []
                for runtime in ["box", "cluster"] {
                    let visitor = try await GatewayVisitor()
                    try fixture.configure(
                        routing: "{kind: gateway, listen: \"127.0.0.1:\(visitor.port)\"}", runtime: runtime, hasBox: true)
                    pages.append(
                        try await fixture.serving { serving async throws in
                            try await serving.launch(head)
                            let page = try await visitor.until("the page is there", path) { $0.status == 200 }
                            try await serving.deliver(GitHubDelivery("closed", head: head))
                            try await serving.wait(for: .destroyed)
                            return page.body
                        })
                }
                #expect(try await PodmanTestEngine.leftovers(fixture.prefix) == [])
                return pages
            }
        }
    }
}

extension ServeFixture {
    /// ``run(_:)`` with a result; what is left on podman after an error is removed.
    fileprivate static func collecting(_ body: @escaping @Sendable (ServeFixture) async throws -> [String]) async throws -> [String] {
        var collected: [String] = []
        try await run { fixture in
            do { collected = try await body(fixture) } catch {
                await PodmanTestEngine.remove(fixture.prefix)
                throw error
            }
        }
        return collected
    }

    /// Makes a static volume in a folder of this machine for each claim of the stack, and removes it afterwards.
    fileprivate func withVolumes<T>(for claims: [String], _ body: () async throws -> T) async throws -> T {
        guard !claims.isEmpty else { return try await body() }
        let resource = try await cluster.discovery.resource(apiVersion: "v1", kind: "PersistentVolume")
        func path(_ claim: String) throws -> ResourcePath { try ResourcePath(resource, name: "\(namespace)-\(claim)") }
        for claim in claims {
            let folder = directory.appending(path: "volume-\(claim)")
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o777])
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path)
            let volume: JSONValue = [
                "apiVersion": "v1", "kind": "PersistentVolume", "metadata": ["name": .string("\(namespace)-\(claim)")],
                "spec": [
                    "capacity": ["storage": "1Gi"], "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": "Retain",
                    "hostPath": ["path": .string(folder.path)],
                    "claimRef": ["namespace": .string(namespace), "name": .string(claim)],
                ],
            ]
            _ = try await cluster.apply(
                try path(claim), manifest: volume.canonicalBytes, fieldManager: "slingshot-tests", as: JSONValue.self)
        }
        do {
            let result = try await body()
            for claim in claims { try await cluster.delete(try path(claim)) }
            return result
        } catch {
            for claim in claims { try? await cluster.delete(try path(claim)) }
            throw error
        }
    }
}
