import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Testing
import TidemillAPIServer
import TidemillStore
import TidemillWire

@Suite struct WatchRouteTests {
    @Test func `a watch says what is there and then every change in order`() async throws {
        try await withServer { test async throws in
            _ = try await test.admin.post(Path.nodes, nodeText("a"))
            let response = try await test.admin.stream(.GET, Path.nodes + "?watch=true")
            #expect(response.status == .ok)
            var lines = Lines(response)
            try await expect(&lines, "ADDED", "a")
            _ = try await test.admin.post(Path.nodes, nodeText("b"))
            try await expect(&lines, "ADDED", "b")
            let changed = try await test.admin.patch(Path.nodes + "/a", #"{"spec":{"unschedulable":true}}"#)
            let event = try await lines.next()
            #expect(event?["type"] == "MODIFIED")
            #expect(event?["object"] == changed.json)
            _ = try await test.admin.delete(Path.nodes + "/a")
            try await expect(&lines, "DELETED", "a")
        }
    }

    @Test func `a watch from a revision starts strictly after it, and ends at its time-out`() async throws {
        try await withServer { test async throws in
            let first = try await test.admin.post(Path.nodes, nodeText("a"))
            _ = try await test.admin.post(Path.nodes, nodeText("b"))
            let revision = try #require(first.json.at(["metadata", "resourceVersion"])?.string)
            let response = try await test.admin.stream(
                .GET, Path.nodes + "?watch=1&timeoutSeconds=1&resourceVersion=\(revision)")
            var lines = Lines(response)
            try await expect(&lines, "ADDED", "b")
            let last = try await lines.next()
            #expect(last == nil)
            #expect(try await test.admin.get("/healthz").code == 200)
        }
    }

    @Test func `leaving a selector is a deletion and entering it an addition`() async throws {
        try await withServer { test async throws in
            _ = try await test.admin.post(Path.nodes, nodeText("a"))
            let response = try await test.admin.stream(.GET, Path.nodes + "?watch=true&labelSelector=on")
            var lines = Lines(response)
            _ = try await test.admin.patch(Path.nodes + "/a", #"{"metadata":{"labels":{"on":"1"}}}"#)
            try await expect(&lines, "ADDED", "a")
            _ = try await test.admin.patch(Path.nodes + "/a", #"{"metadata":{"labels":{"on":null}}}"#)
            try await expect(&lines, "DELETED", "a")
        }
    }

    @Test func `only the first Table of a watch has columns`() async throws {
        try await withServer { test async throws in
            for name in ["a", "b"] { _ = try await test.admin.post(Path.nodes, nodeText(name)) }
            let response = try await test.admin.stream(
                .GET, Path.nodes + "?watch=true", headers: [("Accept", tableAccept)])
            var lines = Lines(response)
            let first = try #require(try await lines.next())
            #expect(first.at(["object", "kind"]) == "Table")
            #expect(first.at(["object", "columnDefinitions", "0", "name"]) == "Name")
            #expect(first.at(["object", "rows", "0", "cells", "0"]) == "a")
            let second = try #require(try await lines.next())
            #expect(second.at(["object", "columnDefinitions"]) == .null)
            #expect(second.at(["object", "rows", "0", "cells", "0"]) == "b")
        }
    }

    @Test func `a compacted revision is an ERROR event that says Expired`() async throws {
        try await withServer { test async throws in
            let first = try await test.admin.post(Path.nodes, nodeText("a"))
            for name in ["b", "c"] { _ = try await test.admin.post(Path.nodes, nodeText(name)) }
            try await test.store.compact(before: test.store.currentRevision())
            let revision = try #require(first.json.at(["metadata", "resourceVersion"])?.string)
            let response = try await test.admin.stream(.GET, Path.nodes + "?watch=true&resourceVersion=\(revision)")
            #expect(response.status == .ok)
            var lines = Lines(response)
            let event = try #require(try await lines.next())
            #expect(event["type"] == "ERROR")
            #expect(event.at(["object", "reason"]) == "Expired")
            #expect(event.at(["object", "code"]) == 410)
            let last = try await lines.next()
            #expect(last == nil)
        }
    }

    @Test func `bookmarks come to those who ask, with the revision`() async throws {
        var limits = ServerLimits()
        limits.bookmarks = .milliseconds(10)
        try await withServer(limits: limits) { test async throws in
            let node = try await test.admin.post(Path.nodes, nodeText("a"))
            let response = try await test.admin.stream(.GET, Path.nodes + "?watch=true&allowWatchBookmarks=true")
            var lines = Lines(response)
            try await expect(&lines, "ADDED", "a")
            let mark = try #require(try await lines.next())
            #expect(mark["type"] == "BOOKMARK")
            #expect(mark.at(["object", "kind"]) == "Node")
            #expect(
                mark.at(["object", "metadata", "resourceVersion"]) == node.json.at(["metadata", "resourceVersion"]))
        }
    }

    @Test func `agents get theirs often, because their heartbeats say how far they follow`() async throws {
        var limits = ServerLimits()
        limits.agentBookmarks = .milliseconds(10)
        try await withServer(limits: limits) { test async throws in
            let agent = try await test.agent("a")
            let query = "?watch=true&allowWatchBookmarks=true&fieldSelector=status.grant.node%3Da"
            var lines = Lines(try await agent.stream(.GET, Path.group + "/slices" + query))
            let mark = try #require(try await lines.next())
            #expect(mark["type"] == "BOOKMARK")
        }
    }

    @Test func `a server that stops ends its watches cleanly`() async throws {
        try await withServer { test async throws in
            _ = try await test.admin.post(Path.nodes, nodeText("a"))
            var lines = Lines(try await test.admin.stream(.GET, Path.nodes + "?watch=true"))
            try await expect(&lines, "ADDED", "a")
            await test.stop()
            let last = try await lines.next()
            #expect(last == nil)
        }
    }

    @Test func `initial events end with a bookmark that says so`() async throws {
        try await withServer { test async throws in
            _ = try await test.admin.post(Path.nodes, nodeText("a"))
            let wanted = "&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
            let path = Path.nodes + "?watch=true&sendInitialEvents=true" + wanted
            var lines = Lines(try await test.admin.stream(.GET, path))
            try await expect(&lines, "ADDED", "a")
            let mark = try #require(try await lines.next())
            #expect(mark["type"] == "BOOKMARK")
            #expect(mark.at(["object", "metadata", "annotations", "k8s.io/initial-events-end"]) == "true")
            _ = try await test.admin.post(Path.nodes, nodeText("b"))
            try await expect(&lines, "ADDED", "b")
            // Without them a watch begins with what comes.
            let later = Path.nodes + "?watch=true&sendInitialEvents=false" + wanted
            var next = Lines(try await test.admin.stream(.GET, later))
            _ = try await test.admin.post(Path.nodes, nodeText("c"))
            try await expect(&next, "ADDED", "c")
        }
    }

    @Test(arguments: [
        "sendInitialEvents=true&allowWatchBookmarks=true", "resourceVersionMatch=NotOlderThan",
        "sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
        "sendInitialEvents=true&resourceVersionMatch=Exact&allowWatchBookmarks=true",
    ]) func `initial events are asked for in one way`(_ query: String) async throws {
        try await withServer { test async throws in
            let answer = try await test.admin.get(Path.nodes + "?watch=true&" + query)
            #expect(answer.code == 422)
            #expect(answer.reason == "Invalid")
        }
    }

    @Test func `one user may hold so many watches and no more, and gets them back`() async throws {
        var limits = ServerLimits()
        limits.watchesPerUser = 1
        try await withServer(limits: limits) { test async throws in
            _ = try await test.admin.post(Path.nodes, nodeText("a"))
            let path = Path.nodes + "?watch=true&timeoutSeconds=1"
            var lines = Lines(try await test.admin.stream(.GET, path))
            try await expect(&lines, "ADDED", "a")
            let refused = try await test.admin.get(path)
            #expect(refused.code == 429)
            #expect(refused.headers.first(name: "Retry-After") != nil)
            let last = try await lines.next()
            #expect(last == nil)
            var again = Lines(try await test.admin.stream(.GET, path))
            try await expect(&again, "ADDED", "a")
        }
    }

    private func expect(_ lines: inout Lines, _ type: String, _ name: String) async throws {
        let event = try #require(try await lines.next())
        #expect(event["type"]?.string == type)
        #expect(event.at(["object", "metadata", "name"])?.string == name)
    }
}
