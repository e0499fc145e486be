import Glibc

/// Prints a line at once, also into a pipe or a file: drills take minutes, and people watch.
package func say(_ line: String) {
    print(line)
    fflush(nil)
}
