import AsyncHTTPClient
import Foundation
import NIOHTTP1
import Testing
import TidemillWire

@Suite struct EventViewTests {
    private static let older = "/api/v1/namespaces/default/events"
    private static let newer = "/apis/events.k8s.io/v1/namespaces/default/events"

    private func older(_ name: String) -> String {
        #"{"metadata":{"name":"\#(name)"},"involvedObject":{"kind":"Job","name":"j"},"reason":"Seen","message":"m","type":"Normal","count":2,"firstTimestamp":"2026-11-21T10:00:00Z"}"#
    }

    @Test func `an event has two shapes and is one object`() async throws {
        try await withServer { test async throws in
            let made = try await test.admin.post(Self.older, older("a"))
            let seen = try await test.admin.get(Self.newer + "/a").json
            #expect(seen["apiVersion"] == "events.k8s.io/v1")
            #expect(seen.at(["regarding", "name"]) == "j")
            #expect(seen["note"] == "m")
            #expect(seen["deprecatedCount"] == 2)
            #expect(seen["eventTime"] == "2026-11-21T10:00:00.000000Z")
            #expect(seen["involvedObject"] == nil)
            #expect(seen.at(["metadata", "uid"]) == made.json.at(["metadata", "uid"]))
            let body =
                #"{"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"b"},"regarding":{"kind":"Node","name":"n"},"note":"new","reason":"Looked","reportingController":"me","eventTime":"2026-11-21T10:00:00.123456Z"}"#
            let created = try await test.admin.post(Self.newer, body)
            #expect(created.code == 201, "\(created.text)")
            #expect(created.json["note"] == "new")
            let stored = try await test.admin.get(Self.older + "/b").json
            #expect(stored["apiVersion"] == "v1")
            #expect(stored["message"] == "new")
            #expect(stored["reportingComponent"] == "me")
            let patched = try await test.admin.patch(Self.newer + "/b", #"{"note":"newer"}"#)
            #expect(patched.json["note"] == "newer")
            #expect(try await test.admin.get(Self.older + "/b").json["message"] == "newer")
            let json = try await test.admin.patch(
                Self.newer + "/b", "[]", type: "application/json-patch+json")
            #expect(json.code == 415)
            let again = try await test.admin.put(Self.newer + "/a", seen.text)
            #expect(again.text == seen.text, "what was read and sent back changes nothing")
            let foreign = body.replacingOccurrences(of: "events.k8s.io/v1", with: "v1")
            #expect(try await test.admin.post(Self.newer, foreign).code == 400)
            let mixed = try await test.admin.post(Self.newer, older("c"))
            #expect(mixed.code == 400)
            #expect(mixed.message?.hasSuffix(#"unknown field "involvedObject""#) == true)
        }
    }

    @Test func `both shapes are selected, shown and watched`() async throws {
        try await withServer { test async throws in
            _ = try await test.admin.post(Self.older, older("a"))
            let list = try await test.admin.get(Self.newer + "?fieldSelector=regarding.name%3Dj,reason%3DSeen").json
            #expect(list["kind"] == "EventList")
            #expect(list["apiVersion"] == "events.k8s.io/v1")
            #expect(names(list) == ["a"])
            #expect(names(try await test.admin.get(Self.newer + "?fieldSelector=regarding.name%3Dk").json).isEmpty)
            let table = try await test.admin.get(Self.newer, accept: tableAccept).json
            #expect(table.at(["rows", "0", "cells"])?.array?.contains("m") == true)
            var lines = Lines(try await test.admin.stream(.GET, "/apis/events.k8s.io/v1/events?watch=true"))
            let event = try #require(try await lines.next())
            #expect(event.at(["object", "note"]) == "m")
            let gone = try await test.admin.delete(Self.newer)
            #expect(gone.json.at(["items", "0", "note"]) == "m")
        }
    }
}
