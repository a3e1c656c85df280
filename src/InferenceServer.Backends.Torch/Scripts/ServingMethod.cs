using System.Globalization;
using System.Text;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Torch.Bindings;
using InferenceServer.Backends.Torch.Executions;
using InferenceServer.Backends.Torch.Signatures;

namespace InferenceServer.Backends.Torch.Scripts;

/// <summary>
/// Writes a method in TorchScript that takes tensors and gives a list of tensors, and calls the model's own method with what it makes of them: texts, numbers, tuples, dictionaries.
/// TorchSharp can pass tensors alone. A text is a tensor of its bytes and one of the places where elements end.
/// </summary>
internal sealed class ServingMethod
{
    /// <summary>The method's name; a class of PyTorch's own words would not have one of its form.</summary>
    public const string Name = "serve_by_tensors_";

    private readonly StringBuilder _code = new();
    private readonly MethodBinding _binding;

    private ServingMethod(MethodBinding binding) => _binding = binding;

    /// <summary>The text of the method, to stand at the end of the body of the model's class.</summary>
    /// <param name="binding">What it does.</param>
    /// <param name="self">The first parameter of the model's own method, with its type.</param>
    public static string Write(MethodBinding binding, string self)
    {
        var method = new ServingMethod(binding);
        method.Write(self);
        return method._code.ToString();
    }

    private void Write(string self)
    {
        var model = self.Split(':')[0].Trim();
        var inputs = _binding.Signature.Inputs;
        _code.Append(CultureInfo.InvariantCulture, $"  def {Name}({self}");
        for (var i = 0; i < inputs.Length; i++)
        {
            _code.Append(CultureInfo.InvariantCulture, $",\n    i{i}: {(inputs[i].IsOptional ? "Optional[Tensor]" : "Tensor")}");
            if (inputs[i].DataType == TensorDataType.Bytes)
            {
                _code.Append(CultureInfo.InvariantCulture, $",\n    e{i}: Tensor");
            }
        }

        _code.Append(") -> List[Tensor]:\n");
        for (var i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].DataType == TensorDataType.Bytes)
            {
                WriteTexts(i);
            }
        }

        var arguments = new StringBuilder();
        foreach (var (parameter, argument) in _binding.Arguments)
        {
            // By name: a parameter before it may be left to its default.
            arguments.Append(CultureInfo.InvariantCulture, $"{parameter.Name}={Express(argument)}, ");
        }

        Line($"r = ({model}).{_binding.Method.Name}({arguments})");
        var parts = new List<string>();
        for (var i = 0; i < _binding.Results.Length; i++)
        {
            WriteResult(i, parts);
        }

        Line($"return annotate(List[Tensor], [{string.Join(", ", parts)}])");
    }

    private void WriteTexts(int input)
    {
        Line($"t{input} = annotate(List[str], [])");
        Line($"b{input} = annotate(List[int], i{input}.tolist())");
        Line($"f{input} = annotate(List[int], e{input}.tolist())");
        Line($"s{input} = 0");
        Line($"for k{input} in range(torch.len(f{input})):");
        Line($"  p{input} = annotate(List[str], [])");
        Line($"  for j{input} in range(s{input}, f{input}[k{input}]):");
        Line($"    _ = torch.append(p{input}, torch.chr(b{input}[j{input}]))");
        Line($"  _ = torch.append(t{input}, torch.join(\"\", p{input}))");
        Line($"  s{input} = f{input}[k{input}]");
    }

    private static string Express(Argument argument)
    {
        var type = argument.Type.Present;
        if (!argument.Keys.IsEmpty)
        {
            return $"{{{string.Join(", ", argument.Keys.Zip(argument.Parts, static (key, part) => $"{Quote(key)}: {Express(part)}"))}}}";
        }

        if (!argument.Parts.IsEmpty)
        {
            var parts = string.Join(", ", argument.Parts.Select(Express));
            return type.Kind == TorchTypeKind.List ? $"[{parts}]" : $"({parts}{(argument.Parts.Length == 1 ? "," : "")})";
        }

        return argument.Input is not { } input ? "None" : type switch
        {
            { IsListOfTexts: true } => $"t{input}",
            { Kind: TorchTypeKind.Text } => $"t{input}[0]",
            { Kind: TorchTypeKind.Int } => $"int(i{input})",
            { Kind: TorchTypeKind.Float } => $"float(i{input})",
            { Kind: TorchTypeKind.Bool } => $"bool(i{input})",
            _ => $"i{input}",
        };
    }

    private void WriteResult(int output, List<string> parts)
    {
        var part = _binding.Results[output];
        var value = $"v{output}";
        Line($"{value} = r{string.Concat(part.Path.Select(static step => step.Key is { } key ? $"[{Quote(key)}]" : FormattableString.Invariant($"[{step.Place}]")))}");
        if (part.Type.Kind == TorchTypeKind.Optional)
        {
            Line($"if torch.__is__({value}, None):");
            Line($"  ops.prim.RaiseException({Quote($"the model gives nothing for output '{_binding.Signature.Outputs[output].Name}'")}, \"builtins.RuntimeError\")");
            Line("else:");
            Line("  pass");
            Line($"w{output} = torch._unwrap_optional({value})");
            value = $"w{output}";
        }

        var type = part.Type.Present;
        if (type.IsText)
        {
            WriteBytes(output, type.IsListOfTexts ? value : $"[{value}]", parts);
            return;
        }

        var element = (int)ElementTypes.ToEngine(_binding.Signature.Outputs[output].DataType)!.Value;
        parts.Add(type.Kind == TorchTypeKind.Tensor ? value : $"torch.tensor({(type.IsListOfNumbers ? value : $"[{value}]")}, dtype={element})");
    }

    private void WriteBytes(int output, string texts, List<string> parts)
    {
        Line($"x{output} = {texts}");
        Line($"c{output} = annotate(List[int], [])");
        Line($"g{output} = annotate(List[int], [])");
        Line($"for k{output} in range(torch.len(x{output})):");
        Line($"  y{output} = x{output}[k{output}]");
        Line($"  for j{output} in range(torch.len(y{output})):");
        Line($"    _ = torch.append(c{output}, torch.ord(y{output}[j{output}]))");
        Line($"  _ = torch.append(g{output}, torch.len(c{output}))");
        parts.Add($"torch.tensor(c{output}, dtype=0)");
        parts.Add($"torch.tensor(g{output}, dtype=4)");
    }

    private static string Quote(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";

    private void Line(string text) => _code.Append("    ").Append(text).Append('\n');
}
