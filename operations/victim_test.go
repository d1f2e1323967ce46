package operations

// victimURL names the environment variable that makes the test binary a process to be killed.
const victimURL = "OPERATIONS_VICTIM_URL"

func runVictim(string) int { return 0 }
