using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Inference;

/// <summary>
/// Holds a request against the configuration of one version and puts it into the order of the model: inputs and outputs by their place
/// in the signature, rows counted. What passes can be assembled into a batch without another check.
/// </summary>
internal sealed class RequestValidator
{
    private readonly string _model;
    private readonly int _maxBatchSize;
    private readonly ModelTensor[] _inputs;
    private readonly string[] _outputs;
    private readonly int[] _outputPlaces;
    private readonly bool[]? _declaredOutputs;
    private readonly string[]? _defaultOutputs;
    private readonly int _outputCount;
    private readonly int _requiredInputs;
    private readonly RequestVariants? _variants;

    public RequestValidator(ModelConfig config, ModelSignature signature)
    {
        _model = config.Name;
        _maxBatchSize = config.MaxBatchSize;
        _variants = signature.Variants;

        // The model's order, whatever the order in the configuration file: backends and batches rely on it.
        _inputs = [.. signature.Inputs.Select(input => config.Inputs.FirstOrDefault(tensor => tensor.Name == input.Name)).OfType<ModelTensor>()];
        _requiredInputs = _inputs.Count(static input => !input.IsOptional);
        _outputs = [.. config.Outputs.Select(static output => output.Name)];
        _outputCount = signature.Outputs.Length;
        var places = signature.Outputs.Select(static (output, place) => (output.Name, place)).ToDictionary(static pair => pair.Name, static pair => pair.place, StringComparer.Ordinal);
        _outputPlaces = [.. _outputs.Select(name => places[name])];
        string[] free = [.. _outputs.Where(name => !signature.Outputs[places[name]].IsOptional)];
        _defaultOutputs = free.Length == 0 || free.Length == _outputs.Length ? null : free;
        if (_outputs.Length < _outputCount)
        {
            _declaredOutputs = new bool[_outputCount];
            foreach (var place in _outputPlaces)
            {
                _declaredOutputs[place] = true;
            }
        }
    }

    /// <summary>Checks the request. It stays with the caller when the answer is false.</summary>
    public bool TryPrepare(InferenceRequest request, InferenceStream? stream, CancellationToken clientGone, [NotNullWhen(true)] out PendingInference? pending, [NotNullWhen(false)] out InferenceError? error)
    {
        pending = null;
        var rows = 1L;
        error = Arrange(request) ?? CheckTensors(request, out rows);
        if (error is not null || !TryArrangeOutputs(request, out var requested, out var order, out error))
        {
            return false;
        }

        string? variant = null;
        if (_variants is not null && (error = VariantReader.Read(request, _variants, out variant)) is not null)
        {
            return false;
        }

        pending = new PendingInference(request, (int)rows, requested, order, clientGone) { Stream = stream, Variant = variant };
        return true;
    }

    private InferenceError? Arrange(InferenceRequest request)
    {
        var given = request.Inputs;
        var arranged = new Arranged();
        Span<TensorView> views = _inputs.Length <= Arranged.Length ? ((Span<TensorView>)arranged)[.._inputs.Length] : new TensorView[_inputs.Length];
        string? unknown = null;
        for (var i = 0; i < given.Count; i++)
        {
            var place = PlaceOf(given[i].Name);
            if (place < 0)
            {
                unknown ??= given[i].Name;
            }
            else if (views[place].Buffer is not null)
            {
                return InferenceErrors.DuplicateInput(request, given[i].Name);
            }
            else
            {
                views[place] = given[i];
            }
        }

        List<string>? missing = null;
        var count = 0;
        for (var i = 0; i < _inputs.Length; i++)
        {
            if (views[i].Buffer is not null)
            {
                views[count++] = views[i];
            }
            else if (!_inputs[i].IsOptional)
            {
                (missing ??= []).Add(_inputs[i].Name);
            }
        }

        if (unknown is not null || missing is not null)
        {
            return DescribeWrongInputs(request, unknown, missing ?? []);
        }

        request.ReplaceInputs(views[..count]);
        return null;
    }

    private InferenceError DescribeWrongInputs(InferenceRequest request, string? unknown, List<string> missing)
    {
        var given = request.Inputs;
        var known = Quote(_inputs.Select(static input => input.Name), ", ");
        if (unknown is not null && given.Count >= _requiredInputs && given.Count <= _inputs.Length)
        {
            return InferenceErrors.UnknownInput(_model, unknown, known);
        }

        var expected = _requiredInputs == _inputs.Length ? $"{_inputs.Length}" : $"number of inputs between {_requiredInputs} and {_inputs.Length}, that is {_requiredInputs} to {_inputs.Length}";
        var rest = missing.Count > 0
            ? $"but missing required input(s) [{Quote(missing, ",")}]. Please provide all required input(s)."
            : $"of which '{unknown}' is unexpected; the inputs of the model are {known}.";
        return InferenceErrors.InputCount(request, _model, expected, given.Count, Quote(given.Select(static input => input.Name), ","), rest);
    }

    private InferenceError? CheckTensors(InferenceRequest request, out long rows)
    {
        rows = 1;
        var given = request.Inputs;
        for (var i = 0; i < given.Count; i++)
        {
            var input = given[i];
            var tensor = _inputs[PlaceOf(input.Name)];
            if (CheckShape(request, input, tensor) is { } wrong)
            {
                return wrong;
            }

            if (_maxBatchSize > 0)
            {
                if (i > 0 && input.Shape[0] != rows)
                {
                    return InferenceErrors.BatchDiffers(request, _model, input, rows);
                }

                rows = input.Shape[0];
                if (rows > _maxBatchSize)
                {
                    return InferenceErrors.BatchTooLarge(request, _model, _maxBatchSize, rows);
                }

                if (rows == 0)
                {
                    return InferenceErrors.EmptyBatch(request, _model, input);
                }
            }

            if (CheckContent(request, input) is { } mismatch)
            {
                return mismatch;
            }
        }

        return null;
    }

    private InferenceError? CheckShape(InferenceRequest request, in TensorView input, ModelTensor tensor)
    {
        if (input.DataType != tensor.DataType)
        {
            return InferenceErrors.DataType(request, _model, input, tensor.DataType);
        }

        if (_maxBatchSize > 0 && input.Shape.Rank == 0)
        {
            return InferenceErrors.NoBatchDimension(request, _model, input, tensor.Shape);
        }

        return tensor.Shape.Accepts(input.Shape) ? null : InferenceErrors.Shape(request, _model, input, tensor.Shape, _maxBatchSize > 0);
    }

    private InferenceError? CheckContent(InferenceRequest request, in TensorView input)
    {
        if (!input.Shape.TryGetElementCount(out var elements))
        {
            return InferenceErrors.ShapeTooLarge(request, input);
        }

        if (input.DataType == TensorDataType.Bytes)
        {
            return CheckStrings(request, input, elements);
        }

        if (!input.Shape.TryGetByteCount(input.DataType, out var bytes))
        {
            return InferenceErrors.ShapeTooLarge(request, input);
        }

        return bytes == input.Length ? null : InferenceErrors.ByteSize(request, _model, input, bytes);
    }

    private InferenceError? CheckStrings(InferenceRequest request, in TensorView input, long expected)
    {
        ReadOnlySpan<byte> rest = input.Span;
        var elements = 0L;
        while (!rest.IsEmpty)
        {
            var available = rest.Length;
            if (BytesTensor.TryReadNext(ref rest, out _))
            {
                elements++;
                continue;
            }

            return available < BytesTensor.PrefixSize
                ? InferenceErrors.StringPrefix(request, _model, input.Name, available)
                : InferenceErrors.StringData(request, input.Name, BinaryPrimitives.ReadUInt32LittleEndian(rest), available - BytesTensor.PrefixSize);
        }

        return elements == expected ? null : InferenceErrors.StringCount(request, _model, input.Name, expected, elements);
    }

    private bool TryArrangeOutputs(InferenceRequest request, out bool[]? requested, out int[]? order, [NotNullWhen(false)] out InferenceError? error)
    {
        error = null;
        requested = _declaredOutputs;
        order = null;
        if (!request.HasRequestedOutputs)
        {
            if (_defaultOutputs is null)
            {
                return true;
            }

            // Nobody pays for what nobody has named.
            request.RequestedOutputs.AddRange(_defaultOutputs);
        }

        requested = new bool[_outputCount];
        order = new int[request.RequestedOutputs.Count];
        for (var i = 0; i < order.Length; i++)
        {
            var name = request.RequestedOutputs[i];
            var place = Array.IndexOf(_outputs, name);
            if (place < 0)
            {
                error = InferenceErrors.UnknownOutput(_model, name, Quote(_outputs, ", "));
                return false;
            }

            order[i] = _outputPlaces[place];
            if (requested[order[i]])
            {
                error = InferenceErrors.DuplicateOutput(request, name);
                return false;
            }

            requested[order[i]] = true;
        }

        return true;
    }

    private int PlaceOf(string name)
    {
        for (var i = 0; i < _inputs.Length; i++)
        {
            if (_inputs[i].Name == name)
            {
                return i;
            }
        }

        return -1;
    }

    private static string Quote(IEnumerable<string> names, string separator) => string.Join(separator, names.Select(static name => $"'{name}'"));

    [InlineArray(Length)]
    private struct Arranged
    {
        public const int Length = 4;

        private TensorView _first;
    }
}
