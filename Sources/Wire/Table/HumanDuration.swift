/// Spells a duration as kubectl does: the two largest units that still say something.
package enum HumanDuration {
    /// `5s`, `3m12s`, `4h`, `12d`, `2y30d`. Two seconds of disagreeing clocks are `0s`, more is `<invalid>`.
    package static func text(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        if seconds < -1 { return "<invalid>" }
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400)
        switch seconds {
        case ..<0: return "0s"
        case ..<120: return "\(seconds)s"
        case ..<(10 * 60): return pair(minutes, "m", seconds % 60, "s")
        case ..<(3 * 3600): return "\(minutes)m"
        case ..<(8 * 3600): return pair(hours, "h", minutes % 60, "m")
        case ..<(48 * 3600): return "\(hours)h"
        case ..<(8 * 86400): return pair(days, "d", hours % 24, "h")
        case ..<(2 * 365 * 86400): return "\(days)d"
        case ..<(8 * 365 * 86400): return pair(days / 365, "y", days % 365, "d")
        default: return "\(days / 365)y"
        }
    }

    private static func pair(_ large: Int64, _ unit: String, _ small: Int64, _ lesser: String) -> String {
        small == 0 ? "\(large)\(unit)" : "\(large)\(unit)\(small)\(lesser)"
    }
}
