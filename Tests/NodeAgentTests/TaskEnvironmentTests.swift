import Testing
import TidemillModel
import TidemillNodeAgent
import TidemillNodeCore
import TidemillNodeScenes
import TidemillSeams

@Suite("TaskEnvironment")
struct TaskEnvironmentTests {
    @Test func `a task is told who it is, and nothing of the agent's own environment`() {
        let template = Kinds.TaskTemplate(
            command: ["true"],
            env: [
                Kinds.EnvVar(name: "SEED", value: "7"), Kinds.EnvVar(name: "EMPTY"),
                Kinds.EnvVar(name: "HOME", value: "/h"),
                Kinds.EnvVar(name: "TIDEMILL_TOKEN", value: "forged"),
            ])
        let variables = TaskEnvironment.variables(of: Scene.held(.starting), template, grade: .enforced)
        #expect(
            variables == [
                "EMPTY=", "HOME=/h", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "SEED=7",
                "TIDEMILL_ATTEMPT=1", "TIDEMILL_ISOLATION=enforced", "TIDEMILL_JOB=job", "TIDEMILL_NAMESPACE=lab",
                "TIDEMILL_RANK=0", "TIDEMILL_SIZE=1", "TIDEMILL_SLICE=job-1-0", "TIDEMILL_TOKEN=11",
            ])
    }
}
