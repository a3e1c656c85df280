using System.Collections.Immutable;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration.Rules;
using InferenceServer.Core.Configuration.Syntax;

namespace InferenceServer.Core.Configuration.Completion;

/// <summary>A configuration on its way to completion: what was declared, what the model says, and what is wrong so far.</summary>
internal sealed class CompletionContext
{
    private readonly ConfigPositions _positions;

    public CompletionContext(DeclaredModelConfig declared, ModelSignature signature, ModelCompletionOptions options)
    {
        Declared = declared;
        Signature = signature;
        Options = options;
        Message = declared.Document.Message;
        SaysNothingOfBatches = declared.DeclaredMaxBatchSize is null && Message is { DynamicBatching: null, SequenceBatching: null };
        SaysNothingOfInstances = Message.InstanceGroup.Count == 0;
        _positions = declared.Document.Positions;
        Problems = new ProblemList(declared.Document.FileName);
        Inputs = DeclaredTensor.InputsOf(Message);
        Outputs = DeclaredTensor.OutputsOf(Message);
        Generated = DeclaredTensor.GeneratedOf(Message);
        StateOutputs = DeclaredSequenceTensors.StateOutputsOf(Message);
    }

    public DeclaredModelConfig Declared { get; }

    public ModelSignature Signature { get; }

    public ModelCompletionOptions Options { get; }

    /// <summary>The message of the file; completion fills it.</summary>
    public global::Inference.ModelConfig Message { get; }

    /// <summary>True when the file leaves it to the server how requests are put together.</summary>
    public bool SaysNothingOfBatches { get; }

    /// <summary>True when the file leaves it to the server how many instances run, and where.</summary>
    public bool SaysNothingOfInstances { get; }

    public ProblemList Problems { get; }

    /// <summary>The inputs of the file, before completion.</summary>
    public ImmutableArray<DeclaredTensor> Inputs { get; }

    /// <summary>The outputs of the file, before completion.</summary>
    public ImmutableArray<DeclaredTensor> Outputs { get; }

    /// <summary>The inputs of the model that the server makes itself.</summary>
    public ImmutableArray<DeclaredTensor> Generated { get; }

    /// <summary>The outputs of the model that are kept for a sequence, whether clients get them or not.</summary>
    public ImmutableArray<DeclaredTensor> StateOutputs { get; }

    /// <summary>True when the file leaves the inputs or the outputs to the model; only then is anything filled in.</summary>
    public bool IsIncomplete => Inputs.IsEmpty || Outputs.IsEmpty;

    /// <summary>The file's tensors, each with the model's of the same name, as far as there is one.</summary>
    public IEnumerable<(DeclaredTensor Declared, TensorSpec? Model)> Pairs =>
        Pair(Inputs.AddRange(Generated), Signature.Inputs).Concat(Pair(Outputs.AddRange(StateOutputs), Signature.Outputs));

    public void Error(string path, string message, string? suggestion = null) => Problems.Add(_positions.Find(path), message, suggestion);

    private static IEnumerable<(DeclaredTensor, TensorSpec?)> Pair(ImmutableArray<DeclaredTensor> declared, ImmutableArray<TensorSpec> model) =>
        declared.Select(tensor => (tensor, model.FirstOrDefault(spec => spec.Name == tensor.Name)));
}
