using System.Collections.Immutable;
using InferenceServer.Abstractions.Models;
using InferenceServer.Backends.Torch.Signatures;

namespace InferenceServer.Backends.Torch.Bindings;

/// <summary>How the inputs of the configuration become a call of a method, and its result the outputs.</summary>
/// <param name="Method">The method.</param>
/// <param name="Arguments">One for each of its parameters that the call gives, in their order; a parameter that is left to its default has none.</param>
/// <param name="Results">One for each output.</param>
/// <param name="Signature">The inputs and outputs as they are configured.</param>
internal sealed record MethodBinding(TorchMethod Method, ImmutableArray<(TorchParameter Parameter, Argument Argument)> Arguments, ImmutableArray<ResultPart> Results, ModelSignature Signature)
{
    /// <summary>
    /// True when TorchSharp can make the call as it is: tensors for the first parameters, and tensors that come back alone, in a tuple or in a list. Anything else takes a method of
    /// tensors around it.
    /// </summary>
    public bool IsDirect =>
        Arguments.Select(static (one, place) => (one.Argument, one.Parameter, Place: place)).All(one => one.Argument.Type.Present.Kind == TorchTypeKind.Tensor && Method.Parameters[one.Place] == one.Parameter)
        && Results.All(part => part.Path.Length <= 1 && part.Type.Present.Kind == TorchTypeKind.Tensor && part.Path.All(static step => step.Key is null))
        && (Method.Result.Present.Kind == TorchTypeKind.Tensor || Method.Result.IsListOfTensors
            || (Method.Result.Kind == TorchTypeKind.Tuple && Method.Result.Parts.All(static part => part.Present.Kind == TorchTypeKind.Tensor)));
}
