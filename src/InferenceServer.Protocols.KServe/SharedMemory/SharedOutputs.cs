using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.SharedMemory;

namespace InferenceServer.Protocols.KServe.SharedMemory;

/// <summary>The outputs that a request wants in shared memory. Owns their claims until it is disposed, after the last response.</summary>
internal sealed class SharedOutputs : IDisposable
{
    private readonly List<(string Output, SharedMemoryClaim Claim)> _claims = [];

    /// <summary>Adds an output; takes the claim over.</summary>
    public void Add(string output, SharedMemoryClaim claim) => _claims.Add((output, claim));

    /// <summary>True when the output goes to shared memory, so that the response does not carry its elements.</summary>
    public bool Contains(string output) => Find(output) is not null;

    /// <summary>Writes a response's outputs to where they go; before any is written, all are known to fit.</summary>
    /// <param name="response">The response, which stays the caller's.</param>
    /// <returns>Why an output cannot be written, or null.</returns>
    public InferenceError? Write(InferenceResponse response)
    {
        foreach (ref readonly var output in response.Outputs)
        {
            if (Find(output.Name) is { } claim && output.Length > claim.ByteSize)
            {
                return TensorErrors.OutputTooLarge(output, claim.ByteSize);
            }
        }

        foreach (ref readonly var output in response.Outputs)
        {
            if (Find(output.Name)?.Write(output) is { } error)
            {
                return TensorErrors.Of(new TensorPlace("output", output.Name, 0), error);
            }
        }

        return null;
    }

    public void Dispose()
    {
        foreach (var (_, claim) in _claims)
        {
            claim.Dispose();
        }

        _claims.Clear();
    }

    private SharedMemoryClaim? Find(string output)
    {
        foreach (var (name, claim) in _claims)
        {
            if (name == output)
            {
                return claim;
            }
        }

        return null;
    }
}
