import StagingModel
import Testing

@testable import Planning

@Suite struct ValuesTests {
    private func problem(_ request: PlanRequest) -> String {
        do {
            return "no problem: \(try plan(request).digest)"
        } catch {
            return "\(error)"
        }
    }

    @Test func theStackFileHasTheLastWord() throws {
        let values: [String: JSONValue] = ["image": "registry.example.com/shop:${{ pr.sha }}", "port": 3000, "env": ["A": "server"]]
        let byServer = try plan(request(template: "web", values: values)).object("Deployment/web")
        #expect(
            byServer[path: "spec.template.spec.containers.0.image"]
                == .string("registry.example.com/shop:" + String(repeating: "0123456789", count: 4)))
        #expect(byServer[path: "spec.template.spec.containers.0.ports.0.containerPort"] == 3000)
        let file = "template: web\nvalues: {port: 80, env: {B: \"${{ pr.branchSlug }}\"}}\n"
        let byBoth = try plan(request(stackFile: file, template: "web", values: values))
        #expect(try byBoth.object("Deployment/web")[path: "spec.template.spec.containers.0.ports.0.containerPort"] == 80)
        #expect(try byBoth.object("ConfigMap/web")["data"] == ["B": .string(branchSlug("feature/login"))])
        #expect(try byBoth.object("Deployment/web")[path: "spec.replicas"] == 1)
        #expect(try byBoth.object("Deployment/web")[path: "spec.template.spec.containers.0.command"] == nil)
    }

    @Test func manifestsSeeTheValuesOfBoth() throws {
        let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: \"${{ values.a }}\", b: \"${{ values.b }}\"}\n"
        let plan = try plan(
            request(
                stackFile: "manifests: deploy\nvalues: {b: file}\n", files: ["deploy/x.yaml": manifest],
                values: ["a": "server", "b": "server"]))
        #expect(try plan.object("ConfigMap/x")["data"] == ["a": "server", "b": "file"])
    }

    @Test func valuesForTheServersTemplateDoNotDisturbAnother() throws {
        #expect(throws: Never.self) {
            try plan(request(stackFile: "template: web\nvalues: {image: a}\n", template: "other", values: ["chart": "x"]))
        }
    }

    @Test func saysWhatIsWrong() throws {
        #expect(
            problem(try request())
                == ".slingshot.yaml: the commit has none, and the server names no template for the repository; add one, such as template: web"
        )
        #expect(
            problem(try request(stackFile: "template: wed\n"))
                == #".slingshot.yaml:1: template: no such template: "wed" is unknown; did you mean "web"? known: web"#)
        #expect(
            problem(try request(template: "wed"))
                == #"server configuration, repository shop: no such template: "wed" is unknown; did you mean "web"? known: web"#)
        #expect(
            problem(try request(stackFile: "template: web\n"))
                == ".slingshot.yaml:1: template: the template web needs image (the container image, with its tag or digest); add it to values; stack.image: the stack file builds no image; add `build: {context: .}` to it, or name an image that there is"
        )
        #expect(
            problem(try request(template: "web", values: ["image": "a:${{ pr.shaa }}"])).hasPrefix(
                #"server configuration, repository shop: "pr.shaa" is unknown; did you mean "pr.sha"?"#))
        let wrong = """
            template: web
            values:
              image: 1.10
              port: eighty
              imag: x
              env: {A: 1}
              command: [1]
              args: go
            """
        #expect(
            problem(try request(stackFile: wrong)) == """
                .slingshot.yaml:5: values.imag: the template web has no such parameter: "imag" is unknown; did you mean "image"? known: image, port, replicas, env, command, args, healthPath, resources
                .slingshot.yaml:3: values.image: must be a string; write it in quotes
                .slingshot.yaml:4: values.port: must be a whole number
                .slingshot.yaml:6: values.env: A must be a string; write it in quotes
                .slingshot.yaml:7: values.command: every item must be a string; write it in quotes
                .slingshot.yaml:8: values.args: must be a list of strings
                """)
    }
}
