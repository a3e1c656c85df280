using System.Collections.Immutable;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Torch.Signatures;

namespace InferenceServer.Backends.Torch.Bindings;

/// <summary>Finds out which input of a configuration is which value that a method takes. A tuple counts as its parts.</summary>
internal sealed class ArgumentBinder
{
    private readonly ImmutableArray<TensorSpec> _inputs;
    private readonly TorchMethod _method;
    private readonly List<(string Name, TorchType Type)> _leaves = [];
    private readonly int?[] _inputOfLeaf;
    private int _next;

    private ArgumentBinder(ImmutableArray<TensorSpec> inputs, TorchMethod method)
    {
        _inputs = inputs;
        _method = method;
        foreach (var parameter in method.Parameters)
        {
            AddLeaves(parameter.Name, parameter.Type.Present, parameter.Type);
        }

        var places = NamingConvention.Resolve("input", [.. inputs.Select(static input => input.Name)], [.. _leaves.Select(static leaf => leaf.Name)], _leaves.Count, method.ToString());
        _inputOfLeaf = new int?[_leaves.Count];
        for (var i = 0; i < places.Length; i++)
        {
            _inputOfLeaf[places[i]] = i;
            TensorFit.CheckInput(inputs[i], _leaves[places[i]].Type.Present);
        }
    }

    /// <summary>Binds.</summary>
    /// <exception cref="BackendException">An input fits no value, a value that must be given has no input, or a type is one that no tensor carries.</exception>
    public static ImmutableArray<(TorchParameter Parameter, Argument Argument)> Bind(ImmutableArray<TensorSpec> inputs, TorchMethod method)
    {
        // One list or dictionary takes as many inputs as there are.
        if (method.Parameters is [var only] && (only.Type.IsDictionaryOfTensors || only.Type.IsListOfTensors))
        {
            var isList = only.Type.IsListOfTensors;
            var order = isList ? NamingConvention.Resolve("input", [.. inputs.Select(static input => input.Name)], [], inputs.Length, method.ToString()) : [.. Enumerable.Range(0, inputs.Length)];
            var part = only.Type.Parts[^1];
            var parts = new Argument[inputs.Length];
            for (var i = 0; i < inputs.Length; i++)
            {
                TensorFit.CheckInput(inputs[i], part);
                parts[order[i]] = new Argument(part) { Input = i };
            }

            return [(only, new Argument(only.Type) { Parts = [.. parts], Keys = isList ? [] : [.. inputs.Select(static input => input.Name)] })];
        }

        return new ArgumentBinder(inputs, method).Bind();
    }

    private ImmutableArray<(TorchParameter Parameter, Argument Argument)> Bind()
    {
        var arguments = ImmutableArray.CreateBuilder<(TorchParameter, Argument)>();
        foreach (var parameter in _method.Parameters)
        {
            var first = _next;
            var argument = Make(parameter.Type);
            var given = Enumerable.Range(first, _next - first).Count(leaf => _inputOfLeaf[leaf] is not null);
            if (given == 0 && parameter.HasDefault)
            {
                continue;
            }

            if (given < _next - first && parameter.Type.Kind != TorchTypeKind.Optional)
            {
                throw new BackendException(ErrorCode.InvalidArgument, $"no input is configured for {_leaves[Enumerable.Range(first, _next - first).First(leaf => _inputOfLeaf[leaf] is null)].Name}: {_method}");
            }

            if (given > 0 && given < _next - first)
            {
                throw new BackendException(ErrorCode.InvalidArgument, $"inputs are configured for a part of {parameter.Name} only: {_method}");
            }

            arguments.Add((parameter, given == 0 ? new Argument(parameter.Type) : argument));
        }

        CheckOptional();
        return arguments.ToImmutable();
    }

    private Argument Make(TorchType type)
    {
        var present = type.Present;
        return present.Kind == TorchTypeKind.Tuple
            ? new Argument(type) { Parts = [.. present.Parts.Select(Make)] }
            : new Argument(type) { Input = _inputOfLeaf[_next++] };
    }

    private void CheckOptional()
    {
        for (var leaf = 0; leaf < _leaves.Count; leaf++)
        {
            if (_inputOfLeaf[leaf] is { } place && _inputs[place].IsOptional && _leaves[leaf].Type is not { Kind: TorchTypeKind.Optional, Present.Kind: TorchTypeKind.Tensor })
            {
                throw new BackendException(ErrorCode.InvalidArgument, $"input '{_inputs[place].Name}' is configured as optional, and {_leaves[leaf].Name} is not Optional[Tensor]: {_method}");
            }
        }
    }

    private void AddLeaves(string name, TorchType type, TorchType declared)
    {
        if (type.Kind == TorchTypeKind.Tuple)
        {
            for (var i = 0; i < type.Parts.Length; i++)
            {
                AddLeaves(type.PartNames.IsEmpty ? $"{name}.{i}" : $"{name}.{type.PartNames[i]}", type.Parts[i].Present, type.Parts[i]);
            }
        }
        else if (type.IsLeaf && !type.IsListOfNumbers)
        {
            _leaves.Add((name, declared));
        }
        else
        {
            throw new BackendException(
                ErrorCode.Unsupported,
                $"{name} is of the type {declared.Text}; a method that is served takes Tensor, str, int, float, bool, List[str], tuples of them, Optional of these, and as its one parameter List[Tensor] or Dict[str, Tensor]: {_method}");
        }
    }
}
