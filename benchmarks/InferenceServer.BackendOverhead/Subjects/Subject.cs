namespace InferenceServer.BackendOverhead.Subjects;

/// <summary>One computation, by a library alone and by the backend.</summary>
/// <param name="Backend">The backend.</param>
/// <param name="Model">The model.</param>
/// <param name="Rows">The rows of a call.</param>
/// <param name="Bare">The library alone, from the input's memory to memory of the caller. Gives its first number.</param>
/// <param name="Served">The backend's execution, outputs given back. Gives its first number.</param>
internal sealed record Subject(string Backend, string Model, int Rows, Func<double> Bare, Func<double> Served);
