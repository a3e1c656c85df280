using System.Collections.Immutable;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Repository;

namespace InferenceServer.Protocols.KServe.Tests.Repository;

/// <summary>Takes note of what is asked and answers what the test has set.</summary>
internal sealed class FakeRepository
{
    /// <summary>What was asked, one line a question.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>The override of the last load.</summary>
    public ModelOverride? Replacement { get; private set; }

    /// <summary>What loads and unloads answer.</summary>
    public InferenceError? Answer { get; set; }

    /// <summary>What refuses loads before their bodies are read.</summary>
    public InferenceError? Refusal { get; set; }

    public Task<ImmutableArray<ModelIndexEntry>> ListAsync(bool readyOnly)
    {
        Asked.Add($"list {readyOnly}");
        return Task.FromResult<ImmutableArray<ModelIndexEntry>>([new("a", 2, ModelState.Ready, ""), new("b", null, null, ""), new("c", 1, ModelState.Unloaded, "unloaded"), new("d", 1, ModelState.Draining, ""), new("e", 7, ModelState.Loading, ""), new("f", null, ModelState.Failed, "it is \"broken\"")]);
    }

    public Task<InferenceError?> LoadAsync(string model, ModelOverride? replacement)
    {
        Asked.Add($"load {model}");
        Replacement = replacement;
        return Task.FromResult(Answer);
    }

    public Task<InferenceError?> UnloadAsync(string model)
    {
        Asked.Add($"unload {model}");
        return Task.FromResult(Answer);
    }
}
