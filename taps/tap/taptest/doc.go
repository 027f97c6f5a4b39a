// Package taptest is what the tests of all taps share: runs in process, a strict reading of what comes out, golden files, and
// reruns from every state and after every kill.
//
// It reads Singer lines with encoding/json on purpose, and so knows nothing of the code that wrote them.
package taptest
