using Google.Protobuf.Reflection;

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>
/// Reads protobuf text format into a tree, guided by the message's descriptor. After a mistake it goes on with the next field of the
/// same block, so that one run finds them all, and it reports a missing bracket once however much follows from it.
/// </summary>
internal sealed class TextFormatReader
{
    private readonly TextTokenStream _tokens;
    private readonly ProblemList _problems;
    private readonly TextScalarReader _scalars;
    private readonly List<OpenBlock> _open = [];
    private int _openLists;
    private bool _isEndReported;

    private TextFormatReader(TextTokenStream tokens, ProblemList problems)
    {
        _tokens = tokens;
        _problems = problems;
        _scalars = new TextScalarReader(tokens, problems);
    }

    public static MessageNode Read(string source, MessageDescriptor descriptor, ProblemList problems)
    {
        var tokens = new TextTokenStream(source, new TextTokenizer(source, problems).Run());
        var root = new MessageNode(descriptor);
        new TextFormatReader(tokens, problems).ReadFields(new OpenBlock(root, "", default), TextTokenKind.End);
        return root;
    }

    private void ReadFields(OpenBlock block, TextTokenKind close)
    {
        _open.Add(block);
        while (!IsAtEndOf(block, close))
        {
            var token = _tokens.Peek();
            if (token.Kind == TextTokenKind.Identifier)
            {
                ReadField(block);
            }
            else
            {
                var expected = $"expected the name of a field of {FieldWords.Name(block.Node.Descriptor)}, found {_tokens.Describe(token)}";
                _problems.Add(token.Position, expected, Stray(token));
                SkipToField();
            }

            _ = _tokens.TryTake(TextTokenKind.Comma) || _tokens.TryTake(TextTokenKind.Semicolon);
        }

        _open.RemoveAt(_open.Count - 1);
    }

    private static string? Stray(in TextToken token) => token.Kind switch
    {
        TextTokenKind.String or TextTokenKind.Number or TextTokenKind.Minus => "a list of values stands in brackets: dims: [ 1, 2 ]",
        _ => null,
    };

    private bool IsAtEndOf(OpenBlock block, TextTokenKind close)
    {
        while (true)
        {
            var token = _tokens.Peek();
            if (token.Kind == TextTokenKind.End || (token.Kind == TextTokenKind.CloseBracket && close != TextTokenKind.End && _openLists > 0))
            {
                ReportUnclosed(block, close, token);
                return true;
            }

            if (!token.IsClosing)
            {
                return false;
            }

            _tokens.Take();
            if (token.Kind == close)
            {
                return true;
            }

            if (close != TextTokenKind.End && token.Kind != TextTokenKind.CloseBracket)
            {
                var message = $"the block '{block.Name}' opened at {FieldAdmission.At(block.Position)} must be closed with {Symbol(close)}, found {_tokens.Describe(token)}";
                _problems.Add(token.Position, message);
                return true;
            }

            _problems.Add(token.Position, $"{_tokens.Describe(token)} closes nothing: no such bracket is open here");
        }
    }

    private void ReportUnclosed(OpenBlock block, TextTokenKind close, in TextToken token)
    {
        if (close == TextTokenKind.End || block.IsReported || _isEndReported)
        {
            return;
        }

        _isEndReported = token.Kind == TextTokenKind.End;
        _problems.Add(
            token.Position,
            $"the block '{block.Name}' opened at {FieldAdmission.At(block.Position)} is not closed: expected {Symbol(close)}, found {_tokens.Describe(token)}",
            $"add {Symbol(close)}");
    }

    private static string Symbol(TextTokenKind close) => close == TextTokenKind.CloseAngle ? "'>'" : "'}'";

    private void ReadField(OpenBlock block)
    {
        var token = _tokens.Take();
        var name = _tokens.TextOf(token);
        if (block.Node.Descriptor.FindFieldByName(name) is { } field)
        {
            ReadFieldOf(block.Node, field, token.Position);
            return;
        }

        // A field of the surrounding block usually means that this one's end was forgotten.
        for (var i = _open.Count - 2; i >= 0; i--)
        {
            if (_open[i].Node.Descriptor.FindFieldByName(name) is { } outer)
            {
                ReportMisplaced(block, _open[i], name, token.Position);
                ReadFieldOf(_open[i].Node, outer, token.Position);
                return;
            }
        }

        _problems.Add(
            token.Position,
            $"unknown field '{FieldWords.Quote(name)}' in {FieldWords.Name(block.Node.Descriptor)}",
            _problems.IsFull ? null : FieldWords.SuggestField(block.Node.Descriptor, name));
        SkipValue();
    }

    private void ReportMisplaced(OpenBlock block, OpenBlock outer, string name, ConfigPosition position)
    {
        if (!block.IsReported)
        {
            block.IsReported = true;
            _problems.Add(
                position,
                $"unknown field '{name}' in {FieldWords.Name(block.Node.Descriptor)}; it is a field of {FieldWords.Name(outer.Node.Descriptor)}",
                $"is the end of the block '{block.Name}' opened at {FieldAdmission.At(block.Position)} missing?");
        }
    }

    private void ReadFieldOf(MessageNode message, FieldDescriptor field, ConfigPosition position)
    {
        var node = FieldAdmission.Admit(message, field, position, _problems);
        var isMessage = field.FieldType == FieldType.Message;
        var hasColon = _tokens.TryTake(TextTokenKind.Colon);
        if (_tokens.IsAtNoValue())
        {
            var example = isMessage ? $"{field.Name} {{ }}" : $"{field.Name}: {FieldWords.ExampleValue(field)}";
            _problems.Add(position, $"{FieldWords.Name(field)} has no value; expected {FieldWords.Expected(field)}", $"write for example {example}");
            return;
        }

        if (!hasColon && !isMessage && !_tokens.Peek().IsOpening)
        {
            _problems.Add(_tokens.Peek().Position, $"expected ':' between {FieldWords.Name(field)} and its value", $"write {field.Name}: {FieldWords.Quote(_tokens.TextOf(_tokens.Peek()))}");
        }

        if (_tokens.Peek().Kind != TextTokenKind.OpenBracket)
        {
            ReadValue(node);
        }
        else if (field.IsRepeated)
        {
            ReadList(node);
        }
        else
        {
            _problems.Add(_tokens.Peek().Position, $"{FieldWords.Name(field)} takes one value, not a list", "leave out the brackets");
            SkipValue();
        }
    }

    private void ReadList(FieldNode node)
    {
        var opening = _tokens.Take();
        _openLists++;
        if (!_tokens.TryTake(TextTokenKind.CloseBracket))
        {
            while (ReadElement(node, opening.Position))
            {
            }
        }

        _openLists--;
    }

    // True when another element follows.
    private bool ReadElement(FieldNode node, ConfigPosition opening)
    {
        var token = _tokens.Peek();
        if (token.Kind is TextTokenKind.CloseBracket or TextTokenKind.Comma)
        {
            _problems.Add(token.Position, $"a value is missing before {_tokens.Describe(token)} in the list of {FieldWords.Name(node.Field)}");
            return _tokens.Take().Kind == TextTokenKind.Comma;
        }

        if (_tokens.IsAtNoValue() && token.Kind is not (TextTokenKind.Colon or TextTokenKind.Semicolon))
        {
            if (!_isEndReported)
            {
                _isEndReported = token.Kind == TextTokenKind.End;
                _problems.Add(
                    token.Position,
                    $"the list of {FieldWords.Name(node.Field)} opened at {FieldAdmission.At(opening)} is not closed: expected ',' or ']', found {_tokens.Describe(token)}",
                    "add ']'");
            }

            return false;
        }

        var taken = _tokens.Taken;
        ReadValue(node);
        if (_tokens.Taken == taken)
        {
            // Whatever stands here was reported; without a step the list would never end.
            _tokens.Take();
        }

        if (_tokens.TryTake(TextTokenKind.Comma))
        {
            return true;
        }

        var next = _tokens.Peek();
        if (!_tokens.IsAtNoValue())
        {
            _problems.Add(next.Position, $"expected ',' or ']' in the list of {FieldWords.Name(node.Field)}, found {_tokens.Describe(next)}");
        }

        return !_tokens.TryTake(TextTokenKind.CloseBracket);
    }

    private void ReadValue(FieldNode node)
    {
        var token = _tokens.Peek();
        if (node.Field.FieldType == FieldType.Message)
        {
            ReadBlock(node);
        }
        else if (token.IsOpening)
        {
            _problems.Add(
                token.Position,
                $"{FieldWords.Name(node.Field)} must be {FieldWords.Expected(node.Field)}, found {_tokens.Describe(token)}",
                $"write for example {node.Field.Name}: {FieldWords.ExampleValue(node.Field)}");
            SkipValue();
        }
        else if (_scalars.Read(node.Field) is { } value)
        {
            node.Values.Add(value);
        }
    }

    private void ReadBlock(FieldNode node)
    {
        var opening = _tokens.Peek();
        if (opening.Kind is not (TextTokenKind.OpenBrace or TextTokenKind.OpenAngle))
        {
            _problems.Add(
                opening.Position,
                $"{FieldWords.Name(node.Field)} must be {FieldWords.Expected(node.Field)}, found {_tokens.Describe(opening)}",
                node.Field.IsMap ? $"write {node.Field.Name} {{ key: ... value: ... }}" : $"write {node.Field.Name} {{ ... }}");
            SkipValue(isCertain: true);
            return;
        }

        _tokens.Take();
        var value = new ValueNode { Position = opening.Position, Message = new MessageNode(node.Field.MessageType) };
        var close = opening.Kind == TextTokenKind.OpenBrace ? TextTokenKind.CloseBrace : TextTokenKind.CloseAngle;
        ReadFields(new OpenBlock(value.Message, node.Field.Name, opening.Position), close);
        if (node.Field.IsMap)
        {
            FieldAdmission.AddEntry(node, value, _problems);
        }
        else
        {
            node.Values.Add(value);
        }
    }

    // Takes what looks like the value of a field that means nothing, without looking into it. A word is taken for a value only where
    // it is certain that one stands here: after an unknown field without a colon it is the next field.
    private void SkipValue(bool isCertain = false)
    {
        isCertain |= _tokens.TryTake(TextTokenKind.Colon);
        if (_tokens.Peek().IsOpening)
        {
            SkipBrackets();
        }
        else if (_tokens.Peek().Kind == TextTokenKind.String)
        {
            while (_tokens.TryTake(TextTokenKind.String))
            {
            }
        }
        else if (!_tokens.IsAtNoValue() && (isCertain || _tokens.Peek().Kind != TextTokenKind.Identifier))
        {
            _tokens.TryTake(TextTokenKind.Minus);
            _tokens.Take();
        }
    }

    private void SkipBrackets()
    {
        var opening = _tokens.Peek();
        var depth = 0;
        var isTooDeep = false;
        do
        {
            var token = _tokens.Peek();
            if (token.Kind == TextTokenKind.End)
            {
                if (!_isEndReported)
                {
                    _isEndReported = true;
                    _problems.Add(token.Position, $"{_tokens.Describe(opening)} opened at {FieldAdmission.At(opening.Position)} is not closed");
                }

                return;
            }

            depth += token.IsOpening ? 1 : token.IsClosing ? -1 : 0;
            if (depth > ModelConfigDocument.MaxDepth && !isTooDeep)
            {
                isTooDeep = true;
                _problems.Add(token.Position, $"blocks are nested more than {ModelConfigDocument.MaxDepth} deep");
            }

            _tokens.Take();
        }
        while (depth > 0);
    }

    private void SkipToField()
    {
        do
        {
            if (_tokens.Peek().IsOpening)
            {
                SkipBrackets();
            }
            else
            {
                _tokens.Take();
            }
        }
        while (_tokens.Peek().Kind != TextTokenKind.End && !_tokens.Peek().IsClosing && !_tokens.IsAtField());
    }
}
