import Testing
import TidemillSimulation

@Suite struct SimulationTests {
    @Test func `a seed always gives the same history`() async {
        let scenario = Scenario.drawn(seed: 7)
        let once = await Simulation.run(scenario, keepsText: true)
        let again = await Simulation.run(scenario, keepsText: true)
        #expect(once.lines == again.lines)
        #expect(once.lines.count > 100)
    }
}
