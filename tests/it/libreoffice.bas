' What somebody does with a list in a spreadsheet program: fills it in, in several ways, saves it, then sorts the rows, moves
' columns, adds a title and notes of one's own, and saves it again.
Sub Fill(source As String, folder As String)
  Dim hidden(0) As New com.sun.star.beans.PropertyValue
  hidden(0).Name = "Hidden"
  hidden(0).Value = True
  document = StarDesktop.loadComponentFromURL(source, "_blank", 0, hidden())
  sheet = document.Sheets.getByName("核查清单")
  cursor = sheet.createCursor()
  cursor.gotoEndOfUsedArea(False)
  lastRow = cursor.RangeAddress.EndRow
  lastColumn = cursor.RangeAddress.EndColumn
  For column = 0 To lastColumn
    heading = sheet.getCellByPosition(column, 0).String
    If heading = "编号" Then caseColumn = column
    If heading = "核查结果" Then outcomeColumn = column
    If heading = "走访日期" Then dateColumn = column
    If heading = "备注" Then noteColumn = column
    If heading = "姓名" Then nameColumn = column
  Next
  For line = 1 To lastRow
    outcomeCell = sheet.getCellByPosition(outcomeColumn, line)
    dateCell = sheet.getCellByPosition(dateColumn, line)
    Select Case line Mod 4
      Case 0
        outcomeCell.String = "03 从未在此居住"
        dateCell.String = "2020-12-03"
      Case 1
        outcomeCell.FormulaLocal = "4"
        dateCell.FormulaLocal = "2020-12-04"
      Case 2
        outcomeCell.Value = 12
        dateCell.String = "2020年12月5日"
      Case 3
        outcomeCell.FormulaLocal = "06"
        dateCell.Value = 44171
    End Select
    sheet.getCellByPosition(noteColumn, line).String = "第" & line & "户，""已问""；见附件" & Chr(10) & "二"
  Next
  Save(document, sheet, folder & "/filled")

  Dim field(0) As New com.sun.star.table.TableSortField
  field(0).Field = nameColumn
  field(0).IsAscending = False
  Dim order(1) As New com.sun.star.beans.PropertyValue
  order(0).Name = "SortFields"
  order(0).Value = field()
  order(1).Name = "ContainsHeader"
  order(1).Value = True
  sheet.getCellRangeByPosition(0, 0, lastColumn, lastRow).sort(order())
  ' The outcome to the very left, notes of one's own in the middle, a title above.
  sheet.Columns.insertByIndex(0, 1)
  target = sheet.getCellByPosition(0, 0).CellAddress
  sheet.moveRange(target, sheet.getCellRangeByPosition(outcomeColumn + 1, 0, outcomeColumn + 1, lastRow).RangeAddress)
  sheet.Columns.insertByIndex(3, 1)
  sheet.getCellByPosition(3, 0).String = "我的笔记"
  sheet.getCellByPosition(3, 2).String = "姓名"
  sheet.Rows.insertByIndex(0, 2)
  sheet.getCellByPosition(0, 0).String = "第三小组"
  Save(document, sheet, folder & "/changed")
  document.close(True)
End Sub

' As a workbook, and the list alone as a table in GB18030 (encoding 85).
Sub Save(document, sheet, target As String)
  Store(document, target & ".xlsx", "Calc MS Excel 2007 XML", "")
  number = sheet.RangeAddress.Sheet + 1
  Store(document, target & ".csv", "Text - txt - csv (StarCalc)", "44,34,85,1,,0,false,true,false,false,false," & number)
End Sub

Sub Store(document, target As String, filter As String, options As String)
  Dim how(1) As New com.sun.star.beans.PropertyValue
  how(0).Name = "FilterName"
  how(0).Value = filter
  how(1).Name = "FilterOptions"
  how(1).Value = options
  document.storeToURL(target, how())
End Sub
